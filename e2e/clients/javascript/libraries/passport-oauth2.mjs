// passport-oauth2 in a web application: the secret always in the body, PKCE and state kept in the application's session.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';

import { Person } from '../person.mjs';
import { answer, startWebApp } from '../web-app.mjs';
import { SCOPES, arrive, demo, endsAccess, isRefused, reads, register } from '../world.mjs';

describe('passport-oauth2', () => {
  let web;
  let application;
  let strategy;
  let sessions;

  before(async () => {
    web = await startWebApp(serve);
    application = await register('Passport Pelican', { redirectUri: `${web.origin}/auth/bluesonde/callback` });
    sessions = new Map();
    strategy = strategyOf(application);
  });

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
    const user = await connect();
    assert.equal(user.profile.id, demo.user('Operator').id);
  });

  // Without that switch it puts the token into the address, which the API must refuse and say why.
  test('is told not to put the token into the address', async () => {
    const user = await connect();
    strategy._oauth2.useAuthorizationHeaderforGET(false);
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
    await assert.rejects(refresh(user.refreshToken), (error) => {
      const refused = strategy.parseErrorResponse(error.data, error.statusCode);
      assert.deepEqual([error.statusCode, refused.code], [400, 'invalid_grant']);
      assert.match(refused.message, /revoked/);
      return true;
    });
  });

  test('fails with our description when the customer denies', async () => {
    const customer = new Person();
    const arrival = await customer.deny(await arrive(customer, `${await leave(customer)}&prompt=consent`));
    const end = await customer.open(arrival);
    assert.equal(end.status, 401);
    assert.match(end.text, /said no/);
  });

  test('fails with our error and description when the secret is wrong', async () => {
    strategy._oauth2._clientSecret = 'not the secret';
    const end = await comeBack(new Person());
    strategy._oauth2._clientSecret = application.clientSecret;
    assert.equal(end.status, 500);
    assert.match(end.text, /^TokenError invalid_client: .*secret is wrong/);
  });

  /** The application: one link that leaves for Bluesonde, and the address that people come back to. */
  function serve(request, response) {
    const url = new URL(request.url, web.origin);
    request.query = Object.fromEntries(url.searchParams);
    request.session = sessionOf(request, response, sessions);
    passport.authenticate(strategy, { session: false }, (error, user, info) => {
      if (error) answer(response, 500, `${error.name} ${error.code}: ${error.message}`);
      else if (user) answer(response, 200, JSON.stringify(user), 'application/json');
      else answer(response, 401, info.message);
    })(request, response, (error) => answer(response, 500, String(error)));
  }

  async function connect() {
    const end = await comeBack(new Person());
    assert.equal(end.status, 200, end.text);
    return JSON.parse(end.html);
  }

  async function comeBack(customer) {
    const asked = await arrive(customer, await leave(customer));
    return customer.open(await customer.allow(asked));
  }

  function leave(customer) {
    return customer.open(`${web.origin}/auth/bluesonde`);
  }

  function refresh(refreshToken) {
    return new Promise((resolve, reject) => {
      strategy._oauth2.getOAuthAccessToken(refreshToken, { grant_type: 'refresh_token' }, (error, access, rotated) => {
        if (error) reject(error);
        else resolve({ accessToken: access, refreshToken: rotated });
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

  function strategyOf({ clientId, clientSecret, redirectUri }) {
    const made = new OAuth2Strategy({
      authorizationURL: `${demo.issuer}/oauth2/auth`,
      tokenURL: `${demo.issuer}/oauth2/token`,
      clientID: clientId,
      clientSecret,
      callbackURL: redirectUri,
      scope: SCOPES,
      state: true,
      pkce: true,
    }, (accessToken, refreshToken, profile, done) => done(null, { accessToken, refreshToken, profile }));
    // A strategy for a provider is this one with the way to its profile. Over the address it would fail: see below.
    made.userProfile = (accessToken, done) => {
      if (!made._oauth2._useAuthorizationHeaderForGET) return done(null, {});
      return profileOf(accessToken).then((profile) => done(null, profile), done);
    };
    return made;
  }
});

/** What a session middleware would bring: an object for each visitor, found again by a cookie. */
function sessionOf(request, response, sessions) {
  const known = /app_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const id = sessions.has(known) ? known : randomUUID();
  if (id !== known) {
    sessions.set(id, {});
    response.setHeader('set-cookie', `app_session=${id}; Path=/; HttpOnly; SameSite=Lax`);
  }
  return sessions.get(id);
}
