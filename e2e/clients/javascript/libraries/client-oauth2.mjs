// client-oauth2, old and still widely used: Basic authentication, no PKCE, no revocation, errors in fixed sentences.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';

import ClientOAuth2 from 'client-oauth2';

import { Person } from '../person.mjs';
import { SCOPES, allows, demo, endsAccess, isRefused, reads, register } from '../world.mjs';

let application;

describe('client-oauth2', () => {
  before(async () => {
    application = await register('Old Auk');
  });

  test('exchanges a code with its secret, refreshes, and reads with the new token', async () => {
    const token = await connect(clientOf(application));
    assert.equal(token.data.scope, SCOPES.join(' '));
    assert.equal(token.expired(), false);

    const fresh = await token.refresh();
    assert.notEqual(fresh.refreshToken, token.refreshToken);
    await reads(fresh.accessToken);
    const { headers } = fresh.sign({ method: 'GET', url: `${demo.api}/devices` });
    assert.equal(headers.Authorization, `Bearer ${fresh.accessToken}`, 'the token type is understood');
  });

  // As in its shortest example: no scopes, and `state=` with nothing in it.
  test('is granted what its application requires when it names no scopes', async () => {
    const token = await connect(clientOf(application, { scopes: undefined, state: undefined }));
    assert.equal(token.data.scope, SCOPES.join(' '));
    await reads(token.accessToken);
  });

  test('knows that a stored token has expired, and refreshes it', async () => {
    const client = clientOf(application);
    const { accessToken, refreshToken } = await connect(client);
    const stored = client.createToken(accessToken, refreshToken, 'bearer', { expires_in: -1 });
    assert.equal(stored.expired(), true);
    await reads((await stored.refresh()).accessToken);
  });

  test('throws invalid_grant when access has ended', async (t) => {
    const token = await connect(clientOf(application));
    await endsAccess(t, application);

    await isRefused(token.accessToken);
    await assert.rejects(token.refresh(), refusal('invalid_grant', /revoked/));
  });

  test('throws invalid_scope with its description when a scope is unknown', async () => {
    const client = clientOf(application);
    const arrival = await new Person().open(client.code.getUri({ scopes: ['tides:read'] }));
    await assert.rejects(client.code.getToken(arrival), refusal('invalid_scope', /tides:read/));
  });

  test('has a customer who reads which redirect URI is registered when another was sent', async () => {
    const client = clientOf({ ...application, redirectUri: 'https://attacker.example/callback' });
    const page = await new Person().open(client.code.getUri());
    assert.equal(page.status, 400);
    // The page marks the part that differs, so an address comes in several pieces of text.
    const text = page.text.replaceAll(' ', '');
    assert.ok(text.includes('https://attacker.example/callback') && text.includes(application.redirectUri), text);
  });
});

function clientOf({ clientId, clientSecret, redirectUri }, more = {}) {
  return new ClientOAuth2({
    clientId,
    clientSecret,
    redirectUri,
    accessTokenUri: `${demo.issuer}/oauth2/token`,
    authorizationUri: `${demo.issuer}/oauth2/auth`,
    scopes: SCOPES,
    state: randomBytes(16).toString('hex'),
    ...more,
  });
}

async function connect(client) {
  return client.code.getToken(await allows(client.code.getUri()));
}

/** The library's message is a sentence of its own for each code; ours is in the body that it keeps. */
function refusal(code, description) {
  return (error) => {
    assert.deepEqual([error.code, error.body?.error], ['EAUTH', code], error);
    assert.match(error.body.error_description, description);
    return true;
  };
}
