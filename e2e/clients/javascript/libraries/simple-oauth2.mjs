// simple-oauth2: strictly encoded Basic authentication, strict JSON, endpoints given by hand, and no PKCE of its own.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { AuthorizationCode } from 'simple-oauth2';

import { SCOPES, allows, demo, endsAccess, isRefused, reads, register } from '../world.mjs';

let application;

describe('simple-oauth2', () => {
  before(async () => {
    application = await register('Simple Puffin');
  });

  test('exchanges a code with its secret, refreshes, and reads with the new token', async () => {
    const access = await connect(clientOf(application));
    assert.equal(access.token.scope, SCOPES.join(' '));
    assert.equal(access.expired(), false);
    await reads(access.token.access_token);

    const fresh = await access.refresh();
    assert.notEqual(fresh.token.refresh_token, access.token.refresh_token);
    await reads(fresh.token.access_token);
  });

  // The library has no PKCE of its own, but passes on what it is given.
  test('exchanges a code with PKCE, too', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const client = clientOf(application);
    const proof = { code_challenge: challenge, code_challenge_method: 'S256' };
    const access = await connect(client, proof, { code_verifier: verifier });
    await reads(access.token.access_token);
    const other = randomBytes(32).toString('base64url');
    const unproven = connect(client, { ...proof, prompt: 'consent' }, { code_verifier: other });
    await assert.rejects(unproven, refusal(400, 'invalid_grant', /code_verifier/));
  });

  test('knows that a stored token has expired, and refreshes it', async () => {
    const client = clientOf(application);
    const { token } = await connect(client);
    const stored = JSON.stringify({ ...token, expires_at: new Date(Date.now() - 1000) });

    const access = client.createToken(JSON.parse(stored));
    assert.equal(access.expired(), true);
    await reads((await access.refresh({ scope: ['devices:read'] })).token.access_token);
  });

  test('throws invalid_grant when access has ended', async (t) => {
    const access = await connect(clientOf(application));
    await endsAccess(t, application, () => access.revokeAll());

    await isRefused(access.token.access_token);
    await assert.rejects(access.refresh(), refusal(400, 'invalid_grant', /revoked/));
  });

  test('throws what the server says about a wrong secret', async () => {
    const impostor = clientOf({ ...application, clientSecret: 'not the secret' });
    await assert.rejects(connect(impostor), refusal(401, 'invalid_client', /secret is wrong/));
  });

  test('throws what the server says about a code that was not there', async () => {
    const client = clientOf(application);
    const exchange = client.getToken({ code: 'not a code', redirect_uri: application.redirectUri });
    await assert.rejects(exchange, refusal(400, 'invalid_grant', /code/));
  });
});

function clientOf({ clientId, clientSecret }) {
  return new AuthorizationCode({
    client: { id: clientId, secret: clientSecret },
    auth: {
      tokenHost: demo.issuer,
      tokenPath: '/oauth2/token',
      authorizePath: '/oauth2/auth',
      revokePath: '/oauth2/revoke',
    },
  });
}

async function connect(client, asked = {}, sent = {}) {
  const state = randomBytes(16).toString('hex');
  const url = client.authorizeURL({ redirect_uri: application.redirectUri, scope: SCOPES, state, ...asked });
  const { searchParams } = new URL(await allows(url));
  assert.equal(searchParams.get('state'), state);
  return client.getToken({ code: searchParams.get('code'), redirect_uri: application.redirectUri, ...sent });
}

/** The library throws the answer as it came. */
function refusal(status, code, description) {
  return (error) => {
    assert.equal(error.output?.statusCode, status, error);
    assert.equal(error.data.payload.error, code);
    assert.match(error.data.payload.error_description, description);
    return true;
  };
}
