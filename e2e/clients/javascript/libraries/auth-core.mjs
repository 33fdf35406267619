// Auth.js (its core) in a web application: a custom provider of type `oauth`, with Basic authentication and PKCE.
//
// The provider names its issuer, because the library compares it with the `iss` of the answer and otherwise assumes its
// own. Refreshing is the application's part; what is here is the recipe of its guide "Refresh Token Rotation".
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Auth } from '@auth/core';

import { Person } from '../person.mjs';
import { bodyOf, startWebApp } from '../web-app.mjs';
import { SCOPES, allows, demo, denies, endsAccess, isRefused, reads, register } from '../world.mjs';

const secret = randomBytes(32).toString('base64');
let web;
let application;
let provider;
let isExpired;
let errors;
let details;

describe('@auth/core', () => {
  before(async () => {
    web = await startWebApp(serve);
    application = await register('Auth Albatross', { redirectUri: `${web.origin}/auth/callback/bluesonde` });
  });

  beforeEach(() => {
    provider = providerOf(application);
    isExpired = false;
    errors = [];
    details = new Map();
  });

  after(() => web?.close());

  test('signs a customer in with PKCE, reads who it is, and reads data', async () => {
    const session = await sessionOf(await signedIn());
    assert.equal(session.user.name, demo.user('Operator').id);
    assert.equal(session.scope, SCOPES.join(' '));
    await reads(session.accessToken);
  });

  test('has its application refresh a token that has expired, and read with the new one', async () => {
    const customer = await signedIn();
    const { accessToken } = await sessionOf(customer);
    isExpired = true;
    const fresh = await sessionOf(customer);
    assert.equal(fresh.error, undefined);
    assert.notEqual(fresh.accessToken, accessToken);
    await reads(fresh.accessToken);
  });

  test('has its application told invalid_grant when access has ended', async (t) => {
    const customer = await signedIn();
    const { accessToken } = await sessionOf(customer);
    await endsAccess(t, application);

    await isRefused(accessToken);
    isExpired = true;
    const { error } = await sessionOf(customer);
    assert.equal(error.error, 'invalid_grant');
    assert.match(error.error_description, /revoked/);
  });

  // What somebody gets who leaves the scope out: the library asks for OpenID Connect's.
  test('reports invalid_scope with its description when it asks for its own default scopes', async () => {
    provider.authorization = `${demo.issuer}/oauth2/auth`;
    const customer = new Person();
    await customer.open(await customer.open(await leave(customer)));
    isReported('invalid_scope', /openid/);
  });

  test('reports access_denied with its description when the customer denies', async () => {
    const customer = new Person();
    await customer.open(await denies(await leave(customer), customer));
    isReported('access_denied', /said no/);
  });

  // It authenticates with Basic, so the standard asks for a challenge, and the library underneath stops reading there.
  test('reports the challenge for a wrong secret, and keeps the response that explains it', async () => {
    provider.clientSecret = 'not the secret';
    await comeBack();
    const { err: challenge } = errors[0].cause;
    assert.equal(challenge.name, 'WWWAuthenticateChallengeError');
    const refused = await challenge.response.json();
    assert.equal(refused.error, 'invalid_client');
    assert.match(refused.error_description, /secret is wrong/);
  });
});

function providerOf({ clientId, clientSecret }) {
  return {
    id: 'bluesonde',
    name: 'Bluesonde',
    type: 'oauth',
    issuer: demo.issuer,
    clientId,
    clientSecret,
    authorization: { url: `${demo.issuer}/oauth2/auth`, params: { scope: SCOPES.join(' ') } },
    token: `${demo.issuer}/oauth2/token`,
    userinfo: `${demo.api}/me`,
    profile: ({ principal }) => ({ id: principal.id, name: principal.id }),
  };
}

/** The application: the library's own pages, and one of its own. */
async function serve(request, response) {
  const { method, headers } = request;
  const url = new URL(request.url, web.origin);
  if (!url.pathname.startsWith('/auth/')) return response.end('Welcome.');
  const body = method === 'POST' ? await bodyOf(request) : undefined;
  const answered = await Auth(new Request(url, { method, headers, body }), config());
  response.statusCode = answered.status;
  for (const [name, value] of answered.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  response.setHeader('set-cookie', answered.headers.getSetCookie());
  return response.end(await answered.text());
}

function config() {
  return {
    providers: [provider],
    basePath: '/auth',
    secret,
    trustHost: true,
    callbacks: { jwt, session },
    logger: {
      error: (error) => { errors.push(error); },
      debug: (name, about) => { details.set(name, about); },
    },
  };
}

async function jwt({ token, account }) {
  if (account) return { ...token, account };
  return isExpired ? { ...token, ...(await refreshed(token.account)) } : token;
}

function session({ session: known, token: { account, error } }) {
  return { ...known, accessToken: account.access_token, scope: account.scope, error };
}

async function refreshed(account) {
  const response = await fetch(`${demo.issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: application.clientId,
      client_secret: application.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: account.refresh_token,
    }),
  });
  const answered = await response.json();
  return response.ok ? { account: { ...account, ...answered } } : { error: answered };
}

async function signedIn() {
  const customer = await comeBack();
  assert.deepEqual(errors, []);
  return customer;
}

async function comeBack() {
  const customer = new Person();
  await customer.open(await allows(await leave(customer), customer));
  return customer;
}

/** Presses the button on the library's own sign-in page; resolves with where it leads. */
async function leave(customer) {
  return customer.submit(await customer.open(`${web.origin}/auth/signin`), 'csrfToken');
}

async function sessionOf(customer) {
  return JSON.parse((await customer.open(`${web.origin}/auth/session`)).html);
}

/** The error itself says only that there was one; what it was the library writes to the application's debug log. */
function isReported(code, description) {
  assert.deepEqual(errors.map((error) => error.type), ['OAuthCallbackError']);
  const reported = details.get('OAuthCallbackError');
  assert.equal(reported.error, code);
  assert.match(reported.error_description, description);
}
