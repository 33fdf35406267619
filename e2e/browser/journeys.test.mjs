// Whole journeys in a real browser, from the first page to the data.
//
// What a page must say to a program that fills its forms (field names, addresses) and to a person (the documentation's
// labels) is asserted here and nowhere else in these suites. Pages that are only walked through are not looked at
// closely: the server's own tests do that, without a browser and a hundred times faster.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { codeOf } from '../support/authenticator.mjs';
import { startCallback } from '../support/callback.mjs';
import { startDemo } from '../support/demo.mjs';
import { thirdParty } from '../support/third-party.mjs';
import { launchBrowser, openVisitor } from '../support/visitor.mjs';

const ROUNDS = process.env.BLUESONDE_TEST_LONG ? 10 : 1;
const JOURNEY_TAKES_AT_MOST_MS = 120_000;

const API_KEY = /sk_(?:live|test)_bsn_[0-9a-hjkmnp-tv-z]{26}_[0-9A-Za-z]{49}/;
const CLIENT_ID = /\bapp[0-9a-hjkmnp-tv-z]{26}\b/;
const CLIENT_SECRET = /\bcsbsn[0-9A-Za-z]{49}\b/;

let demo;
let callback;
let browser;

before(async () => {
  // One after another, so that what has started is known, and stopped, when the next one fails.
  demo = await startDemo();
  callback = await startCallback();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await callback?.close();
  if (demo) assert.equal(await demo.stop(), 0, 'the server drains and ends well when it is asked to stop');
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'in a browser' : 'in a browser without JavaScript';

  journey(`an Organization Admin makes a key, reads data and revokes it, ${how}`, async (open) => {
    const admin = await open({ javaScriptEnabled });
    const name = unique('Tide script');
    await admin.goto(demo.console);
    await admin.signIn(demo.user('Organization Admin'));
    assert.match(await admin.text(), /Developer Settings/);

    await admin.follow('API Keys');
    await admin.follow('Create an API Key');
    const form = admin.form('expiry');
    assert.match(await form.textContent(), /Scopes/);
    await form.locator('[name=name]').fill(name);
    await tick(form, 'scope', 'devices:read', 'observations:read');
    await choose(form, 'devices', 'all');
    await choose(form, 'expiry', '30');
    await admin.submit(form);

    const key = await admin.secret(API_KEY);
    assert.match(admin.document.headers()['cache-control'], /no-store/);
    assert.ok(!admin.page.url().includes(key), 'the key is never in a URL');
    assert.match(await admin.text(), /secret/i, 'the page warns that the key is a secret');
    await reads(key, '/observations/latest');

    await admin.follow('API Keys');
    for (const look of ['the list', 'the list, reloaded']) {
      assert.match(await admin.text(), new RegExp(name), look);
      await showsOnlyTheEndsOf(key, admin, look);
      await admin.page.reload();
    }
    await admin.follow(name);
    await showsOnlyTheEndsOf(key, admin, "the key's own page");

    await revoke(admin);
    const refused = await demo.read('/observations/latest', key);
    assert.equal(refused.status, 401, 'the very next request is refused');
    assert.match(refused.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
  });

  journey(`a third party makes an application, and a customer connects it, ${how}`, async (open) => {
    const developer = await open({ javaScriptEnabled });
    const name = unique('Tide Table');
    await developer.goto(demo.console);
    await developer.signIn(demo.user('Organization Admin'));
    await developer.follow('OAuth Applications');
    await developer.follow('Create an OAuth Application');
    const form = developer.form('redirect_uris');
    for (const label of ['Application Name', 'Redirect URIs', 'Scopes']) {
      assert.match(await form.textContent(), new RegExp(label), 'the form has the labels of the documentation');
    }
    await form.locator('[name=name]').fill(name);
    await form.locator('[name=redirect_uris]').fill('http://127.0.0.1/callback');
    await tick(form, 'scope', 'devices:read', 'observations:read', 'offline_access');
    await choose(form, 'client_type', 'confidential');
    await developer.submit(form);
    const clientId = await developer.secret(CLIENT_ID);
    const clientSecret = await developer.secret(CLIENT_SECRET);
    assert.match(developer.document.headers()['cache-control'], /no-store/);
    assert.ok(!developer.page.url().includes(clientSecret), 'the secret is never in a URL');
    await developer.page.goto(`${demo.console}/oauth-applications/${clientId}`);
    assert.ok(!(await developer.page.content()).includes(clientSecret), 'the secret is shown once');

    const application = await thirdParty({
      issuer: demo.issuer, clientId, clientSecret, redirectUri: callback.at('http://127.0.0.1/callback'),
    });
    const customer = await open({ javaScriptEnabled });
    const viewer = demo.user('Viewer');
    await customer.goto(await application.authorizationUrl('devices:read observations:read offline_access'));
    await customer.signIn(viewer);
    const page = await customer.text();
    for (const fact of [name, viewer.email, callback.host]) {
      assert.ok(page.includes(fact), `the consent page says ${fact}`);
    }
    const arrival = await decide(customer, 'allow');

    const tokens = await application.exchange(arrival);
    assert.equal(tokens.scope, 'devices:read observations:read offline_access');
    const fresh = await application.refresh(tokens);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token, 'refresh tokens rotate');
    const devices = await application.read(`${demo.api}/devices`, fresh);
    assert.deepEqual(devices.data.map((device) => device.id), demo.organization.device_ids);
  });
}

journey('a public application gets access with PKCE and no secret', async (open) => {
  const { application, redirectUri } = await demoApplication(demo.publicApplication);
  const customer = await open();
  await customer.goto(await application.authorizationUrl('devices:read observations:read'));
  await customer.signIn(demo.user('Operator'));
  const arrival = await decide(customer, 'allow');
  assert.ok(arrival.href.startsWith(redirectUri));

  const tokens = await application.exchange(arrival);
  assert.equal(tokens.refresh_token, undefined, 'no lasting access without offline_access');
  const latest = await application.read(`${demo.api}/observations/latest`, tokens);
  assert.ok(latest.data.length > 0);
});

journey('a customer who denies sends the application away with access_denied', async (open) => {
  const { application } = await demoApplication(demo.publicApplication);
  const customer = await open();
  await customer.goto(await application.authorizationUrl('devices:read'));
  await customer.signIn(demo.user('Operator'));
  const arrival = await decide(customer, 'deny');

  // The library checks state and iss before it looks at the error, so this says that both are right as well.
  await assert.rejects(application.exchange(arrival), { error: 'access_denied' });
  assert.equal(arrival.searchParams.get('code'), null);
});

journey('a Viewer is told which scope the role lacks, and the application gets nothing', async (open) => {
  const { application } = await demoApplication(demo.confidentialApplication);
  const arrivalsBefore = callback.arrivals.length;
  const viewer = await open();
  await viewer.goto(await application.authorizationUrl('devices:read observations:read observations:write offline_access'));
  viewer.expectRefusal(403);
  await viewer.signIn(demo.user('Viewer'));

  assert.match(await viewer.text(), /observations:write/, 'the missing scope is named');
  assert.equal(await viewer.page.locator('[name=decision][value=allow]').count(), 0, 'there is nothing to allow');
  assert.equal(callback.arrivals.length, arrivalsBefore, 'nobody was sent back');
});

journey('an Owner sets up two-factor, and signs in with a code while an application waits', async (open) => {
  const owner = demo.user('Owner');
  const { application } = await demoApplication(demo.confidentialApplication);
  const scope = 'devices:read offline_access';
  const first = await open();
  await first.goto(await application.authorizationUrl(scope));
  await first.signIn(owner);
  await decide(first, 'allow');
  await first.goto(`${demo.issuer}/settings/profile/two-factor/new`);
  const key = await first.page.locator('#secret').textContent();
  await first.form('enrolment').locator('[name=code]').fill(codeOf(key));
  await first.submit(first.form('enrolment'));
  const [recoveryCode] = (await first.page.locator('#recovery-codes').textContent()).split('\n');

  // Consent is remembered, so the form of the code is what leads to the application: its policy must let it.
  const second = await open();
  await second.goto(await application.authorizationUrl(scope));
  await second.signIn(owner);
  second.expectRefusal(401);
  await second.form('code').locator('[name=code]').fill(codeOf(key, 7));
  await second.submit(second.form('code'));
  assert.match(await second.text(), /That code is wrong/);
  await second.form('code').locator('[name=code]').fill(recoveryCode);
  await second.submit(second.form('code'));
  const arrival = new URL(second.page.url());
  assert.equal(arrival.origin, callback.origin, 'the browser is sent back to the application');
  await application.exchange(arrival);

  // As it was, for whoever comes next.
  await first.goto(`${demo.issuer}/settings/profile`);
  await first.page.locator('summary', { hasText: 'Remove two-factor' }).click();
  await first.submit(first.page.locator('form[action$="/two-factor/remove"]'));
  assert.match(await first.text(), /Set up two-factor/);
});

/** A test that opens visitors and ends by asserting that no browser complained. */
function journey(name, story) {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const title = ROUNDS === 1 ? name : `${name}, round ${round}`;
    test(title, { timeout: JOURNEY_TAKES_AT_MOST_MS }, async () => {
      const visitors = [];
      const complaints = () => visitors.flatMap((visitor) => visitor.complaints);
      const open = async (options) => {
        const visitor = await openVisitor(browser, { issuer: demo.issuer, elsewhere: callback.origin, ...options });
        visitors.push(visitor);
        return visitor;
      };
      try {
        await story(open);
      } catch (error) {
        // A blocked form or script shows itself as a wait in vain; the browser's complaint is the true cause.
        for (const { page } of visitors) error.message += `\n  at ${page.url()}`;
        for (const complaint of complaints()) error.message += `\n  ${complaint}`;
        throw error;
      } finally {
        await Promise.all(visitors.map((visitor) => visitor.close()));
      }
      assert.deepEqual(complaints(), [], 'the browser complained');
    });
  }
}

/** An application of demo.json, as a program that listens on the callback's port. */
async function demoApplication({ client_id: clientId, client_secret: clientSecret, redirect_uris: [registered] }) {
  const redirectUri = callback.at(registered);
  return { redirectUri, application: await thirdParty({ issuer: demo.issuer, clientId, clientSecret, redirectUri }) };
}

/** Presses Allow or Deny and returns the URL at which the browser arrived at the application. */
async function decide(visitor, decision) {
  await visitor.press(visitor.page.locator(`[name=decision][value=${decision}]`));
  const arrival = new URL(visitor.page.url());
  assert.equal(arrival.origin, callback.origin, 'the browser is sent back to the application');
  return arrival;
}

/** A name that no other round has used, so that a list shows it once. */
function unique(name) {
  return `${name} ${randomUUID().slice(0, 8)}`;
}

async function tick(form, field, ...values) {
  for (const value of values) await form.locator(`[name="${field}"][value="${value}"]`).check();
}

/** Chooses one of several, whether the form offers them in a list or as radio buttons. */
async function choose(form, field, value) {
  const list = form.locator(`select[name="${field}"]`);
  if (await list.count()) await list.selectOption(value);
  else await form.locator(`[name="${field}"][value="${value}"]`).check();
}

/** Revokes what the page is about; the button is folded away, so that nobody presses it in passing. */
async function revoke(visitor) {
  await visitor.page.locator('summary', { hasText: /revoke/i }).click();
  await visitor.submit(visitor.page.locator('form[action$="/revoke"]'));
}

async function reads(credential, path) {
  const response = await demo.read(path, credential);
  assert.equal(response.status, 200);
  const body = await response.json();
  assert.ok(body.data.length > 0, `${path} has data`);
}

/** A key that was shown is known from then on by what comes before its secret and by its last four characters. */
async function showsOnlyTheEndsOf(key, visitor, where) {
  const secret = key.slice(key.lastIndexOf('_') + 1);
  const page = await visitor.page.content();
  assert.ok(!page.includes(secret.slice(0, -4)), `${where} does not show the secret`);
  assert.ok(page.includes(key.slice(-4)), `${where} shows the last four`);
  assert.match(await visitor.text(), /sk_(live|test)_bsn/, `${where} shows the prefix`);
}
