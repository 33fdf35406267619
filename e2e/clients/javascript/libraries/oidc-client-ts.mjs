// oidc-client-ts in a page of another origin, in a real browser: a public application with PKCE, for which metadata,
// tokens and data all come through CORS.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { launchBrowser, openVisitor } from '../../../support/visitor.mjs';
import { answer, startWebApp } from '../web-app.mjs';
import { SCOPES, demo, mistyped, readsDevices, register, removesAccess } from '../world.mjs';

const PAGE = new URL('../page/index.html', import.meta.url);
const library = pathToFileURL(createRequire(import.meta.url).resolve('oidc-client-ts'));
const SCRIPTS = {
  '/app.js': new URL('../page/app.js', import.meta.url),
  '/oidc-client-ts.js': new URL('../browser/oidc-client-ts.js', library),
};

let web;
let browser;
let application;

describe('oidc-client-ts', () => {
  before(async () => {
    web = await startWebApp(serve);
    application = await register('Page Kittiwake', { redirectUri: `${web.origin}/callback`, isPublic: true });
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await web?.close();
  });

  visit('exchanges a code with PKCE, refreshes, and reads with the new token, all through CORS', async (page) => {
    const tokens = await page.connect();
    assert.equal(tokens.scope, SCOPES.join(' '));
    assert.equal(tokens.expired, false);

    const { value: fresh } = await page.call('refreshes');
    assert.notEqual(fresh.refreshToken, tokens.refreshToken);
    const { value: read } = await page.call('reads', `${demo.api}/devices`, fresh.accessToken);
    readsDevices(read.body);
  });

  visit('can read why the API refuses a token, and refreshes', async (page) => {
    const { accessToken } = await page.connect();
    await page.isRefused(mistyped(accessToken));

    const { value: fresh } = await page.call('refreshes');
    const { value: read } = await page.call('reads', `${demo.api}/devices`, fresh.accessToken);
    readsDevices(read.body);
  }, [401]);

  visit('throws invalid_grant when the customer has removed its access', async (page) => {
    const { accessToken } = await page.connect();
    await removesAccess(application);

    await page.isRefused(accessToken);
    const refresh = await page.call('refreshes');
    assert.deepEqual([refresh.name, refresh.error], ['ErrorResponse', 'invalid_grant']);
    assert.match(refresh.description, /revoked/);
  }, [400, 401]);

  visit('revokes its tokens when the customer signs out', async (page) => {
    const { accessToken, refreshToken } = await page.connect();
    const { value, ...error } = await page.call('revokes');
    assert.deepEqual([value, error], [undefined, {}]);

    await page.isRefused(accessToken);
    await isSpent(refreshToken);
  }, [401]);

  // What somebody gets who leaves the scope out: the library asks for OpenID Connect's.
  visit('throws invalid_scope with its description when it asks for its own default scope', async (page) => {
    await page.leave({ scope: undefined });
    const back = await page.call('comesBack');
    assert.deepEqual([back.name, back.error], ['ErrorResponse', 'invalid_scope']);
    assert.match(back.description, /openid/);
  });
});

/** A test with a browser that is watched: its complaints fail the test, but for the refusals that are expected. */
function visit(name, story, refusals = []) {
  test(name, async (t) => {
    const visitor = await openVisitor(browser, { issuer: demo.issuer, elsewhere: web.origin });
    try {
      await story(new Page(visitor), t);
    } catch (error) {
      error.message += `\n  at ${visitor.page.url()}\n  ${visitor.complaints.join('\n  ')}`;
      throw error;
    } finally {
      await visitor.close();
    }
    const unexpected = visitor.complaints.filter((complaint) => !isRefusal(complaint, refusals));
    assert.deepEqual(unexpected, [], 'the browser complained');
  });
}

/** The application's page, in the customer's browser. */
class Page {
  #visitor;

  constructor(visitor) {
    this.#visitor = visitor;
  }

  /** From the application through sign-in and consent, back to the application, to its tokens. */
  async connect() {
    await this.leave();
    await this.#visitor.signIn(demo.user('Operator'));
    await this.#visitor.press(this.#visitor.page.locator('[name=decision][value=allow]'));
    const { value, ...error } = await this.call('comesBack');
    assert.ok(value, JSON.stringify(error));
    return value;
  }

  /** Opens the application and has it send the browser to Bluesonde. */
  async leave(more = {}) {
    const settings = JSON.stringify({ ...settingsOf(application), ...more });
    await this.#visitor.goto(`${web.origin}/?${new URLSearchParams({ settings })}`);
    await Promise.all([
      this.#visitor.page.waitForEvent('framenavigated'),
      this.#visitor.page.evaluate(() => { window.application.leaves(); }),
    ]);
    await this.#visitor.page.waitForLoadState();
  }

  /** Calls what page/app.js offers; resolves with `{ value }` or with the parts of the error. */
  call(name, ...values) {
    return this.#visitor.page.evaluate(([called, given]) => window.application[called](...given), [name, values]);
  }

  async isRefused(accessToken) {
    const { value: refused } = await this.call('reads', `${demo.api}/devices`, accessToken);
    assert.equal(refused.status, 401);
    assert.ok(refused.body.detail, 'the page can read why');
  }
}

function settingsOf({ clientId, redirectUri }) {
  return {
    authority: demo.issuer,
    metadataUrl: `${demo.issuer}/.well-known/oauth-authorization-server`,
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: SCOPES.join(' '),
  };
}

/** The library forgets what it has revoked, so a copy is tried without it. */
async function isSpent(refreshToken) {
  const response = await fetch(`${demo.issuer}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: application.clientId, grant_type: 'refresh_token', refresh_token: refreshToken,
    }),
  });
  assert.equal((await response.json()).error, 'invalid_grant');
}

/** The browser logs each refused request of a script as an error. */
function isRefusal(complaint, statuses) {
  return statuses.some((status) => complaint.includes(`status of ${status} `));
}

async function serve(request, response) {
  const script = SCRIPTS[new URL(request.url, web.origin).pathname];
  if (script) return answer(response, 200, await readFile(script), 'text/javascript');
  return answer(response, 200, await readFile(PAGE), 'text/html');
}
