// passport-oauth2 in a web application: the secret always in the body, PKCE and state in the application's session.
//
// What a provider's own strategy would do with the library's inner client (refreshing, reading a profile) is done here
// with the same calls.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';

import { Person } from '../person.mjs';
import { answer, startWebApp } from '../web-app.mjs';
import { SCOPES, allows, demo, denies, endsAccess, isRefused, reads, register } from '../world.mjs';

const sessions = new Map();
let web;
let application;
let strategy;

describe('passport-oauth2', () => {
  before(async () => {
    web = await startWebApp(serve);
    application = await register('Passport Pelican', { redirectUri: `${web.origin}/auth/bluesonde/callback` });
  });

  beforeEach(() => { strategy = strategyOf(application); });

  after(() => web?.close());

  test('signs a customer in with PKCE and state, refreshes, and reads with the new token', async () => {
    const user = await connect();
    await reads(user.accessToken);

    const fresh = await refresh(user.refreshToken);
    assert.notEqual(fresh.refreshToken, user.refreshToken);
    await reads(fresh.accessToken);
  });

  test('reads the profile from the API with its switch for the Authorization header', async () => {
    strategy._oauth2.useAuthorizationHeaderforGET(true);
    strategy.userProfile = (accessToken, done) => profileOf(accessToken).then((profile) => done(null, profile), done);
    const user = await connect();
    assert.equal(user.profile.id, demo.user('Operator').id);
  });

  // Without that switch it puts the token into the address, which the API must refuse and say why.
  test('is told not to put the token into the address', async () => {
    const user = await connect();
    await assert.rejects(profileOf(user.accessToken), ({ statusCode, data }) => {
      assert.equal(statusCode, 400);
      assert.match(JSON.parse(data).detail, /Authorization: Bearer/);
      return true;
    });
  });

  test('is refused with invalid_grant when access has ended', async (t) => {
    const user = await connect();
    await endsAccess(t, application);
    await isRefused(user.accessToken);
    await assert.rejects(refresh(user.refreshToken), ({ statusCode, data }) => {
      const refused = strategy.parseErrorResponse(data, statusCode);
      assert.deepEqual([statusCode, refused.code], [400, 'invalid_grant']);
      assert.match(refused.message, /revoked/);
      return true;
    });
  });

  test('fails with our description when the customer denies', async () => {
    const customer = new Person();
    const end = await customer.open(await denies(await leave(customer), customer));
    assert.deepEqual([end.status, end.text], [401, 'The person said no.']);
  });

  test('fails with our error and description when the secret is wrong', async () => {
    strategy = strategyOf({ ...application, clientSecret: 'not the secret' });
    const end = await comeBack();
    assert.equal(end.status, 500);
    assert.match(end.text, /^TokenError invalid_client: .*secret is wrong/);
  });
});

function strategyOf({ clientId, clientSecret, redirectUri }) {
  return new OAuth2Strategy({
    authorizationURL: `${demo.issuer}/oauth2/auth`,
    tokenURL: `${demo.issuer}/oauth2/token`,
    clientID: clientId,
    clientSecret,
    callbackURL: redirectUri,
    scope: SCOPES,
    state: true,
    pkce: true,
  }, (accessToken, refreshToken, profile, done) => done(null, { accessToken, refreshToken, profile }));
}

/** The application: one link that leaves for Bluesonde, and the address that people come back to. */
async function serve(request, response) {
  request.query = Object.fromEntries(new URL(request.url, web.origin).searchParams);
  request.session = sessionOf(request, response);
  const authenticate = passport.authenticate(strategy, { session: false }, (error, user, info) => {
    if (error) answer(response, 500, `${error.name} ${error.code}: ${error.message}`);
    else if (user) answer(response, 200, JSON.stringify(user), 'application/json');
    else answer(response, 401, info.message);
  });
  authenticate(request, response, (error) => answer(response, 500, String(error)));
}

/** What a session middleware would bring: an object for each visitor, found again by a cookie. */
function sessionOf(request, response) {
  const known = /app_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (sessions.has(known)) return sessions.get(known);
  const id = randomUUID();
  sessions.set(id, {});
  response.setHeader('set-cookie', `app_session=${id}; Path=/; HttpOnly; SameSite=Lax`);
  return sessions.get(id);
}

async function connect() {
  const end = await comeBack();
  assert.equal(end.status, 200, end.text);
  return JSON.parse(end.html);
}

async function comeBack() {
  const customer = new Person();
  return customer.open(await allows(await leave(customer), customer));
}

/** Follows the application's link; resolves with where it leads. */
function leave(customer) {
  return customer.open(`${web.origin}/auth/bluesonde`);
}

function refresh(refreshToken) {
  return new Promise((resolve, reject) => {
    const asked = { grant_type: 'refresh_token' };
    strategy._oauth2.getOAuthAccessToken(refreshToken, asked, (error, accessToken, rotated) => {
      if (error) reject(error);
      else resolve({ accessToken, refreshToken: rotated });
    });
  });
}

function profileOf(accessToken) {
  return new Promise((resolve, reject) => {
    strategy._oauth2.get(`${demo.api}/me`, accessToken, (error, body) => {
      if (error) reject(error);
      else resolve(JSON.parse(body).principal);
    });
  });
}
