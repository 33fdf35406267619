// arctic's generic client: Basic authentication with id and secret as they are, and no discovery.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { CodeChallengeMethod, OAuth2Client, OAuth2RequestError, generateCodeVerifier, generateState } from 'arctic';

import { SCOPES, allows, demo, endsAccess, isRefused, reads, register } from '../world.mjs';

let application;
let tokenEndpoint;

describe('arctic', () => {
  before(async () => {
    application = await register('Arctic Tern');
    tokenEndpoint = `${demo.issuer}/oauth2/token`;
  });

  test('exchanges a code with PKCE, refreshes, and reads with the new token', async () => {
    const client = clientOf(application);
    const tokens = await connect(client);
    assert.equal(tokens.tokenType(), 'Bearer');
    assert.deepEqual(tokens.scopes(), SCOPES);
    assert.ok(tokens.accessTokenExpiresInSeconds() > 0);
    await reads(tokens.accessToken());

    const fresh = await client.refreshAccessToken(tokenEndpoint, tokens.refreshToken(), []);
    assert.notEqual(fresh.refreshToken(), tokens.refreshToken());
    await reads(fresh.accessToken());
  });

  test('exchanges a code of a public application, which has no secret, and refreshes to less', async () => {
    const client = clientOf(await register('Arctic Skua', { isPublic: true }));
    const tokens = await connect(client);
    const fresh = await client.refreshAccessToken(tokenEndpoint, tokens.refreshToken(), ['devices:read']);
    assert.deepEqual(fresh.scopes(), ['devices:read']);
    await reads(fresh.accessToken());
  });

  test('throws invalid_grant when access has ended', async (t) => {
    const client = clientOf(application);
    const tokens = await connect(client);
    await endsAccess(t, application, (endpoint) => client.revokeToken(endpoint, tokens.refreshToken()));

    await isRefused(tokens.accessToken());
    const refresh = client.refreshAccessToken(tokenEndpoint, tokens.refreshToken(), []);
    await assert.rejects(refresh, refusal('invalid_grant', /revoked/));
  });

  test('throws what the server says about a wrong verifier', async () => {
    const client = clientOf(application);
    const code = await codeOf(client, generateCodeVerifier());
    const exchange = client.validateAuthorizationCode(tokenEndpoint, code, generateCodeVerifier());
    await assert.rejects(exchange, refusal('invalid_grant', /code_verifier/));
  });

  test('throws what the server says about a wrong secret', async () => {
    const impostor = clientOf({ ...application, clientSecret: 'not the secret' });
    await assert.rejects(connect(impostor), refusal('invalid_client', /secret is wrong/));
  });
});

function clientOf({ clientId, clientSecret = null, redirectUri }) {
  return new OAuth2Client(clientId, clientSecret, redirectUri);
}

async function connect(client) {
  const verifier = generateCodeVerifier();
  return client.validateAuthorizationCode(tokenEndpoint, await codeOf(client, verifier), verifier);
}

async function codeOf(client, verifier) {
  const state = generateState();
  const url = client.createAuthorizationURLWithPKCE(
    `${demo.issuer}/oauth2/auth`, state, CodeChallengeMethod.S256, verifier, SCOPES,
  );
  const { searchParams } = new URL(await allows(url.href));
  assert.equal(searchParams.get('state'), state);
  return searchParams.get('code');
}

function refusal(code, description) {
  return (error) => {
    assert.ok(error instanceof OAuth2RequestError, error);
    assert.equal(error.code, code);
    assert.match(error.description, description);
    return true;
  };
}
