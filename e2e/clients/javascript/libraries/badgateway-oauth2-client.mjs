// @badgateway/oauth2-client: finds everything by discovery, and refreshes by itself when the API answers 401.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';

import {
  OAuth2Client, OAuth2Error, OAuth2Fetch, OAuth2HttpError, generateCodeVerifier,
} from '@badgateway/oauth2-client';

import {
  SCOPES, allows, demo, denies, endsAccess, mistyped, reads, readsDevices, register,
} from '../world.mjs';

let application;

describe('@badgateway/oauth2-client', () => {
  before(async () => {
    application = await register('Gateway Guillemot');
  });

  test('discovers the server, exchanges a code with PKCE, refreshes, and reads with the new token', async () => {
    const client = clientOf(application);
    const token = await connect(client);
    assert.deepEqual(token.scope, SCOPES);
    const fresh = await client.refreshToken(token);
    assert.notEqual(fresh.refreshToken, token.refreshToken);
    await reads(fresh.accessToken);
  });

  test('exchanges a code of a public application, which has no secret', async () => {
    const publicApplication = await register('Gateway Razorbill', { isPublic: true });
    const client = clientOf(publicApplication);
    const token = await connect(client, publicApplication);
    await reads((await client.refreshToken(token)).accessToken);
  });

  test('refreshes by itself when the API refuses the token, and asks again', async () => {
    const client = clientOf(application);
    const token = await connect(client);
    const stored = [];
    const session = sessionOf(client, { ...token, accessToken: mistyped(token.accessToken) }, {
      storeToken: (fresh) => { stored.push(fresh); },
    });

    const response = await session.fetch(`${demo.api}/devices`);
    readsDevices(await response.json());
    assert.equal(stored.length, 1, 'it refreshed once');
  });

  test('asks for a new authorization when access has ended', async (t) => {
    const client = clientOf(application);
    const token = await connect(client);
    await endsAccess(t, application, () => client.revoke(token, 'refresh_token'));

    await assert.rejects(client.refreshToken(token), refusal(400, 'invalid_grant', /revoked/));
    let asked = 0;
    const session = sessionOf(client, token, { getNewToken: () => { asked += 1; return null; } });
    await quietly(() => assert.rejects(session.fetch(`${demo.api}/devices`), /full reauth/));
    assert.equal(asked, 1);
  });

  test('sees in an introspection whether a token is active', async () => {
    const client = clientOf(application);
    const token = await connect(client);
    assert.equal((await client.introspect(token)).active, true);
    assert.equal((await client.introspect({ accessToken: mistyped(token.accessToken) })).active, false);
  });

  test('throws access_denied with its description when the customer denies', async () => {
    const client = clientOf(application);
    const attempt = await attemptOf(application);
    const arrival = await denies(await client.authorizationCode.getAuthorizeUri(attempt));
    await assert.rejects(client.authorizationCode.getTokenFromCodeRedirect(arrival, attempt), (error) => {
      assert.ok(error instanceof OAuth2Error, error);
      assert.equal(error.oauth2Code, 'access_denied');
      assert.match(error.message, /said no/);
      return true;
    });
  });

  test('throws what the server says about another redirect URI than the one of the authorization', async () => {
    const client = clientOf(application);
    const attempt = await attemptOf(application);
    const arrival = await allows(await client.authorizationCode.getAuthorizeUri(attempt));
    const elsewhere = { ...attempt, redirectUri: `${application.redirectUri}/` };
    const exchange = client.authorizationCode.getTokenFromCodeRedirect(arrival, elsewhere);
    await assert.rejects(exchange, refusal(400, 'invalid_grant', /redirect_uri/));
  });
});

function clientOf({ clientId, clientSecret }) {
  return new OAuth2Client({ server: demo.issuer, clientId, clientSecret });
}

async function attemptOf({ redirectUri }) {
  const state = randomBytes(16).toString('hex');
  return { redirectUri, scope: SCOPES, state, codeVerifier: await generateCodeVerifier() };
}

async function connect(client, connecting = application) {
  const attempt = await attemptOf(connecting);
  const arrival = await allows(await client.authorizationCode.getAuthorizeUri(attempt));
  return client.authorizationCode.getTokenFromCodeRedirect(arrival, attempt);
}

/** The library's `fetch` with a stored token. The timer by which it refreshes early would keep the process alive. */
function sessionOf(client, token, handlers) {
  return new OAuth2Fetch({
    client, getStoredToken: () => token, getNewToken: () => null, scheduleRefresh: false, ...handlers,
  });
}

/** The library warns on the console, and here that is right. */
async function quietly(act) {
  const { warn } = console;
  console.warn = () => {};
  try {
    await act();
  } finally {
    console.warn = warn;
  }
}

function refusal(status, code, description) {
  return (error) => {
    assert.ok(error instanceof OAuth2HttpError, error);
    assert.deepEqual([error.httpCode, error.oauth2Code], [status, code]);
    assert.match(error.parsedBody.error_description, description);
    return true;
  };
}
