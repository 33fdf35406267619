// openid-client as an OAuth client: discovery by RFC 8414, and its default authentication, the secret in the body.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import * as client from 'openid-client';

import {
  SCOPES, allows, demo, denies, endsAccess, mistyped, readsDevices, register,
} from '../world.mjs';

let application;

describe('openid-client', () => {
  before(async () => {
    application = await register('Open Petrel');
  });

  test('discovers the server, exchanges a code with PKCE, refreshes, and reads with the new token', async () => {
    const config = await configOf(application);
    assert.equal(config.serverMetadata().supportsPKCE(), true);
    const tokens = await connect(config, application);
    assert.equal(tokens.scope, SCOPES.join(' '));
    assert.ok(tokens.expiresIn() > 0);

    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token);
    readsDevices(await (await read(config, fresh)).json());
  });

  test('exchanges a code of a public application, which has no secret', async () => {
    const publicApplication = await register('Open Prion', { isPublic: true });
    const config = await configOf(publicApplication);
    const tokens = await connect(config, publicApplication);
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, { scope: 'devices:read' });
    assert.equal(fresh.scope, 'devices:read');
    readsDevices(await (await read(config, fresh)).json());
  });

  test('throws the challenge of the API for a mistyped token, after which a refresh helps', async () => {
    const config = await configOf(application);
    const tokens = await connect(config, application);
    await assert.rejects(read(config, { access_token: mistyped(tokens.access_token) }), isChallenge);
    readsDevices(await (await read(config, await client.refreshTokenGrant(config, tokens.refresh_token))).json());
  });

  test('throws invalid_grant when access has ended', async (t) => {
    const config = await configOf(application);
    const tokens = await connect(config, application);
    await endsAccess(t, application, () => client.tokenRevocation(config, tokens.refresh_token));

    await assert.rejects(read(config, tokens), isChallenge);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), (error) => {
      assert.ok(error instanceof client.ResponseBodyError, error);
      assert.deepEqual([error.status, error.error], [400, 'invalid_grant']);
      assert.match(error.error_description, /revoked/);
      return true;
    });
  });

  test('sees in an introspection whether a token is active', async () => {
    const config = await configOf(application);
    const tokens = await connect(config, application);
    const seen = await client.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual([seen.active, seen.scope], [true, SCOPES.join(' ')]);
    assert.deepEqual(await client.tokenIntrospection(config, mistyped(tokens.access_token)), { active: false });
  });

  test('throws access_denied with its description when the customer denies', async () => {
    const config = await configOf(application);
    const { url, checks } = await authorization(config, application);
    const arrival = new URL(await denies(url.href));
    await assert.rejects(client.authorizationCodeGrant(config, arrival, checks), (error) => {
      assert.ok(error instanceof client.AuthorizationResponseError, error);
      assert.equal(error.error, 'access_denied');
      assert.match(error.error_description, /said no/);
      return true;
    });
  });

  // The library names the answer only as a challenge when there is one; to a secret in the body there must be none.
  test('throws what the server says about a wrong secret', async () => {
    const impostor = { ...application, clientSecret: 'not the secret' };
    const connecting = connect(await configOf(impostor), impostor);
    await assert.rejects(connecting, (error) => {
      assert.ok(error instanceof client.ResponseBodyError, error);
      assert.deepEqual([error.status, error.error], [401, 'invalid_client']);
      assert.match(error.error_description, /secret is wrong/);
      return true;
    });
  });
});

function configOf({ clientId, clientSecret }) {
  return client.discovery(new URL(demo.issuer), clientId, clientSecret, undefined, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
}

async function authorization(config, { redirectUri }) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: SCOPES.join(' '),
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  return { url, checks: { pkceCodeVerifier: verifier, expectedState: state } };
}

async function connect(config, application) {
  const { url, checks } = await authorization(config, application);
  return client.authorizationCodeGrant(config, new URL(await allows(url.href)), checks);
}

function read(config, tokens) {
  return client.fetchProtectedResource(config, tokens.access_token, new URL(`${demo.api}/devices`), 'GET');
}

function isChallenge(error) {
  assert.ok(error instanceof client.WWWAuthenticateChallengeError, error);
  const [{ scheme, parameters }] = error.cause;
  assert.deepEqual([error.status, scheme, parameters.error], [401, 'bearer', 'invalid_token']);
  return true;
}
