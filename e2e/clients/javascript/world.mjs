// What all rows of the matrix share: one demo server, the developer who registers an application for each library, and
// the customers who let those applications in.
//
// Importing this module starts the server before the first test and stops it after the last one.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import '../../support/web-crypto.mjs';
import { startDemo } from '../../support/demo.mjs';
import { Person } from './person.mjs';

export const SCOPES = ['devices:read', 'observations:read', 'offline_access'];

// Nobody listens there: where no browser is needed, the test reads the address and hands it to the library.
const CALLBACK = 'http://127.0.0.1:8912/callback';

const CLIENT_ID = /\bapp[0-9a-hjkmnp-tv-z]{26}\b/;
const CLIENT_SECRET = /\bcsbsn[0-9A-Za-z]{49}\b/;

export let demo;
let developer;
let metadata;

before(async () => {
  demo = await startDemo();
  metadata = await (await fetch(`${demo.issuer}/.well-known/oauth-authorization-server`)).json();
});

after(async () => {
  if (demo) assert.equal(await demo.stop(), 0, 'the server drains and ends well when it is asked to stop');
});

/** Makes an application in the console, as its developer would; a public one has no `clientSecret`. */
export async function register(name, { redirectUri = CALLBACK, isPublic = false } = {}) {
  developer ??= await signedIn('Organization Admin');
  const form = await developer.open(`${demo.console}/oauth-applications/new`);
  const created = await developer.submit(form, 'redirect_uris', {
    name,
    redirect_uris: redirectUri,
    scope: SCOPES,
    client_type: isPublic ? 'public' : 'confidential',
  });
  assert.equal(created.status, 200, created.text);
  const clientId = CLIENT_ID.exec(created.html)[0];
  const clientSecret = isPublic ? undefined : CLIENT_SECRET.exec(created.html)[0];
  return { name, clientId, clientSecret, redirectUri };
}

/** Somebody who lets the application in; resolves with the address at which they come back to it. */
export async function allows(authorizationUrl, customer = new Person()) {
  return customer.allow(await arrive(customer, authorizationUrl));
}

/** Somebody who does not: another person, because one who has allowed it before would not be asked again. */
export async function denies(authorizationUrl, customer = new Person()) {
  return customer.deny(await arrive(customer, authorizationUrl, 'Owner'));
}

/** Brings a person from the application to the page that asks them, or past it where they have been asked before. */
export async function arrive(customer, authorizationUrl, role = 'Operator') {
  return customer.signIn(await customer.open(authorizationUrl), demo.user(role));
}

/** The customer takes the application's access back on the page Connections. */
export async function removesAccess({ name }) {
  const customer = await signedIn('Operator');
  const page = await customer.open(`${demo.issuer}/settings/connections`);
  const remaining = await customer.send(page, page.form('csrf_token', name));
  assert.ok(!remaining.text.includes(name), 'the connection is gone');
}

/**
 * Ends an application's access: with the library's own revocation (RFC 7009), and for libraries that have none by the
 * customer's hand. The test's output says when it was the latter.
 */
export async function endsAccess(test, application, revoke) {
  if (revoke) return revoke(metadata.revocation_endpoint);
  test.diagnostic('the library cannot revoke: access is removed on the page Connections');
  return removesAccess(application);
}

/** Asserts that the token reads what the customer may see. */
export async function reads(accessToken) {
  const response = await demo.read('/devices', accessToken);
  assert.equal(response.status, 200);
  readsDevices(await response.json());
}

export function readsDevices({ data }) {
  assert.deepEqual(data.map((device) => device.id), demo.organization.device_ids);
}

/** Asserts that the API refuses the token in the way that makes libraries refresh. */
export async function isRefused(accessToken) {
  const response = await demo.read('/devices', accessToken);
  assert.equal(response.status, 401);
  assert.match(response.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
}

/** A token of the right shape that was never issued, as if the real one had been mistyped. */
export function mistyped(token) {
  return token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
}

async function signedIn(role) {
  const person = new Person();
  const page = await person.signIn(await person.open(`${demo.issuer}/login`), demo.user(role));
  assert.equal(page.status, 200, page.text);
  return person;
}
