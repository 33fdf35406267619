// oauth4webapi, as its examples use it; the whole journey with a browser is in browser/journeys.test.mjs.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';

import { thirdParty } from '../../../support/third-party.mjs';
import { SCOPES, allows, demo, denies, endsAccess, readsDevices, register } from '../world.mjs';

let application;

describe('oauth4webapi', () => {
  before(async () => {
    application = await register('Web Gannet');
  });

  test('exchanges a code with PKCE, refreshes, and reads with the new token', async () => {
    const program = await programOf(application);
    const tokens = await connect(program);
    assert.equal(tokens.scope, SCOPES.join(' '));
    const fresh = await program.refresh(tokens);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token);
    readsDevices(await program.read(`${demo.api}/devices`, fresh));
  });

  test('throws the challenge of the API and then invalid_grant when access has ended', async (t) => {
    const publicApplication = await register('Web Shag', { isPublic: true });
    const program = await programOf(publicApplication);
    const tokens = await connect(program);
    await endsAccess(t, publicApplication, () => program.revoke(tokens.refresh_token));

    await assert.rejects(program.read(`${demo.api}/devices`, tokens), (error) => {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, error);
      const [{ scheme, parameters }] = error.cause;
      assert.deepEqual([scheme, parameters.error], ['bearer', 'invalid_token']);
      return true;
    });
    await assert.rejects(program.refresh(tokens), refusal('invalid_grant', /revoked/));
  });

  test('sees in an introspection that a token is active', async () => {
    const program = await programOf(application);
    const tokens = await connect(program);
    const seen = await program.introspect(tokens.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.client_id, application.clientId);
  });

  test('throws what the server says about a wrong verifier', async () => {
    const program = await programOf(application);
    const stranger = await programOf(application);
    const arrival = new URL(await allows(await program.authorizationUrl(SCOPES.join(' '))));
    const exchange = stranger.exchange(arrival, program.state);
    await assert.rejects(exchange, refusal('invalid_grant', /code_verifier/));
  });

  test('throws access_denied with its description when the customer denies', async () => {
    const program = await programOf(application);
    const arrival = new URL(await denies(await program.authorizationUrl(SCOPES.join(' '))));
    await assert.rejects(program.exchange(arrival), (error) => {
      assert.ok(error instanceof oauth.AuthorizationResponseError, error);
      assert.equal(error.error, 'access_denied');
      assert.match(error.error_description, /said no/);
      return true;
    });
  });

  // With Basic the standard asks for a challenge, and the library stops reading there: the rest is in its response.
  test('throws the challenge for a wrong secret, and keeps the response that explains it', async () => {
    const program = await programOf({ ...application, clientSecret: 'not the secret' });
    const arrival = new URL(await allows(await program.authorizationUrl(SCOPES.join(' '))));
    const error = await program.exchange(arrival).catch((caught) => caught);
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, error);
    assert.equal(error.cause[0].scheme, 'basic');
    const body = await error.response.json();
    assert.equal(body.error, 'invalid_client');
    assert.match(body.error_description, /secret is wrong/);
  });
});

function programOf(application) {
  return thirdParty({ issuer: demo.issuer, ...application });
}

async function connect(program) {
  return program.exchange(new URL(await allows(await program.authorizationUrl(SCOPES.join(' ')))));
}

function refusal(code, description) {
  return (error) => {
    assert.ok(error instanceof oauth.ResponseBodyError, error);
    assert.equal(error.error, code);
    assert.match(error.error_description, description);
    return true;
  };
}
