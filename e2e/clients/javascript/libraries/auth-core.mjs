// Auth.js (its core) in a web application: a custom provider of type `oauth`, with Basic authentication and PKCE.
//
// The provider names its issuer, because the library compares it with the `iss` of the answer and otherwise assumes its
// own. Refreshing is the application's part; what is here is the recipe of its guide "Refresh Token Rotation".
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Auth } from '@auth/core';

import { Person } from '../person.mjs';
import { bodyOf, startWebApp } from '../web-app.mjs';
import { SCOPES, arrive, demo, endsAccess, isRefused, reads, register } from '../world.mjs';

describe('@auth/core', () => {
  let web;
  let application;
  let config;
  let errors;
  let details;

  before(async () => {
    web = await startWebApp(serve);
    application = await register('Auth Albatross', { redirectUri: `${web.origin}/auth/callback/bluesonde` });
  });

  after(() => web?.close());

  test('signs a customer in with PKCE, reads who it is, and reads data', async () => {
    config = configOf(providerOf(application));
    const customer = await signedIn();
    const session = await sessionOf(customer);
    assert.equal(session.user.name, demo.user('Operator').id);
    assert.equal(session.scope, SCOPES.join(' '));
    await reads(session.accessToken);
  });

  test('refreshes a token that has expired, and reads with the new one', async () => {
    config = configOf(providerOf(application));
    const customer = await signedIn();
    const before = await sessionOf(customer);
    config.expired = true;
    const after = await sessionOf(customer);
    assert.equal(after.error, undefined);
    assert.notEqual(after.accessToken, before.accessToken);
    await reads(after.accessToken);
  });

  test('tells the application invalid_grant when access has ended', async (t) => {
    config = configOf(providerOf(application));
    const customer = await signedIn();
    const session = await sessionOf(customer);
    await endsAccess(t, application);

    await isRefused(session.accessToken);
    config.expired = true;
    const { error } = await sessionOf(customer);
    assert.equal(error.error, 'invalid_grant');
    assert.match(error.error_description, /revoked/);
  });

  // What somebody gets who leaves the scope out: the library asks for OpenID Connect's.
  test('reports invalid_scope with its description when it asks for its own default scopes', async () => {
    config = configOf({ ...providerOf(application), authorization: `${demo.issuer}/oauth2/auth` });
    const customer = new Person();
    await customer.open(await customer.open(await leave(customer)));
    isReported('invalid_scope', /openid/);
  });

  test('reports access_denied with its description when the customer denies', async () => {
    config = configOf(providerOf(application, { prompt: 'consent' }));
    const customer = new Person();
    await customer.open(await customer.deny(await arrive(customer, await leave(customer))));
    isReported('access_denied', /said no/);
  });

  // It authenticates with Basic, so the standard asks for a challenge, and the library underneath stops reading there.
  test('reports the challenge for a wrong secret, and keeps the response that explains it', async () => {
    config = configOf(providerOf({ ...application, clientSecret: 'not the secret' }));
    const customer = new Person();
    await customer.open(await customer.allow(await arrive(customer, await leave(customer))));
    const { err: challenge } = errors[0].cause;
    assert.equal(challenge.name, 'WWWAuthenticateChallengeError');
    const answered = await challenge.response.json();
    assert.equal(answered.error, 'invalid_client');
    assert.match(answered.error_description, /secret is wrong/);
  });

  /** The error itself says only that there was one; what it was the library writes to the application's debug log. */
  function isReported(code, description) {
    assert.deepEqual(errors.map((error) => error.type), ['OAuthCallbackError']);
    const { error, error_description: explanation } = details.get('OAuthCallbackError');
    assert.equal(error, code);
    assert.match(explanation, description);
  }

  async function signedIn() {
    const customer = new Person();
    const home = await customer.open(await customer.allow(await arrive(customer, await leave(customer))));
    assert.deepEqual(errors, [], home.text);
    return customer;
  }

  /** Presses the button on the library's own sign-in page; resolves with where it leads. */
  async function leave(customer) {
    const page = await customer.open(`${web.origin}/auth/signin`);
    return customer.submit(page, 'csrfToken');
  }

  async function sessionOf(customer) {
    return JSON.parse((await customer.open(`${web.origin}/auth/session`)).html);
  }

  async function serve(request, response) {
    const method = request.method;
    const body = method === 'POST' ? await bodyOf(request) : undefined;
    const url = new URL(request.url, web.origin);
    if (!url.pathname.startsWith('/auth/')) return response.end('Welcome.');
    const answered = await Auth(new Request(url, { method, headers: request.headers, body }), config);
    response.statusCode = answered.status;
    for (const [name, value] of answered.headers) if (name !== 'set-cookie') response.setHeader(name, value);
    response.setHeader('set-cookie', answered.headers.getSetCookie());
    return response.end(await answered.text());
  }

  function configOf(provider) {
    errors = [];
    details = new Map();
    const made = {
      providers: [provider],
      basePath: '/auth',
      secret: randomBytes(32).toString('base64'),
      trustHost: true,
      logger: {
        error: (error) => { errors.push(error); },
        debug: (name, about) => { details.set(name, about); },
      },
      expired: false,
    };
    made.callbacks = callbacks(() => made.expired);
    return made;
  }

  function providerOf({ clientId, clientSecret }, more = {}) {
    return {
      id: 'bluesonde',
      name: 'Bluesonde',
      type: 'oauth',
      issuer: demo.issuer,
      clientId,
      clientSecret,
      authorization: { url: `${demo.issuer}/oauth2/auth`, params: { scope: SCOPES.join(' '), ...more } },
      token: `${demo.issuer}/oauth2/token`,
      userinfo: `${demo.api}/me`,
      profile: ({ principal }) => ({ id: principal.id, name: principal.id }),
    };
  }

  function callbacks(isExpired) {
    return {
      async jwt({ token, account }) {
        if (account) return { ...token, account };
        return isExpired() ? { ...token, ...(await refreshed(token.account)) } : token;
      },
      session: ({ session, token }) => ({
        ...session, accessToken: token.account.access_token, scope: token.account.scope, error: token.error,
      }),
    };
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
});
