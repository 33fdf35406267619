// oidc-client-ts in a page of another origin, in a real browser: a public application with PKCE, for which metadata,
// tokens and data all come through CORS.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, openVisitor } from '../../../support/visitor.mjs';
import { answer, startWebApp } from '../web-app.mjs';
import { SCOPES, demo, endsAccess, mistyped, readsDevices, register } from '../world.mjs';

const FILES = {
  '/app.js': new URL('../page/app.js', import.meta.url),
  '/oidc-client-ts.js': new URL('../browser/oidc-client-ts.js', `file://${createRequire(import.meta.url).resolve('oidc-client-ts')}`),
};
const PAGE = new URL('../page/index.html', import.meta.url);

describe('oidc-client-ts', () => {
  let web;
  let browser;
  let application;
  let visitor;

  before(async () => {
    web = await startWebApp(serve);
    application = await register('Page Kittiwake', { redirectUri: `${web.origin}/callback`, isPublic: true });
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await web?.close();
  });

  test('exchanges a code with PKCE, refreshes, and reads with the new token, all from another origin', async () => {
    await withVisitor(async () => {
      const tokens = await connect();
      assert.equal(tokens.scope, SCOPES.join(' '));
      assert.equal(tokens.expired, false);

      const { value: fresh } = await inPage('refreshes');
      assert.notEqual(fresh.refreshToken, tokens.refreshToken);
      const { value: read } = await inPage('reads', `${demo.api}/devices`, fresh.accessToken);
      assert.equal(read.status, 200);
      readsDevices(read.body);
    });
  });

  test('can read why the API refuses a token, and refreshes', async () => {
    await withVisitor(async () => {
      const { accessToken } = await connect();
      const { value: refused } = await inPage('reads', `${demo.api}/devices`, mistyped(accessToken));
      assert.equal(refused.status, 401);
      assert.ok(refused.body.detail);

      const { value: fresh } = await inPage('refreshes');
      const { value: read } = await inPage('reads', `${demo.api}/devices`, fresh.accessToken);
      readsDevices(read.body);
    }, [401]);
  });

  test('throws invalid_grant when access has ended', async (t) => {
    await withVisitor(async () => {
      const { accessToken, refreshToken } = await connect();
      await endsAccess(t, application, async () => {
        assert.deepEqual(await inPage('revokes'), {});
        // A copy of the refresh token elsewhere: the library has thrown its own away.
        await inPage('remembers', refreshToken);
      });

      const { value: refused } = await inPage('reads', `${demo.api}/devices`, accessToken);
      assert.equal(refused.status, 401);
      const refresh = await inPage('refreshes');
      assert.deepEqual([refresh.name, refresh.error], ['ErrorResponse', 'invalid_grant']);
      assert.match(refresh.description, /revoked/);
    }, [400, 401]);
  });

  // What somebody gets who leaves the scope out: the library asks for OpenID Connect's.
  test('throws invalid_scope with its description when it asks for its own default scope', async () => {
    await withVisitor(async () => {
      await leave({ scope: undefined });
      await visitor.page.waitForURL(`${web.origin}/callback?**`);
      const back = await inPage('comesBack');
      assert.deepEqual([back.name, back.error], ['ErrorResponse', 'invalid_scope']);
      assert.match(back.description, /openid/);
    });
  });

  async function connect() {
    await leave();
    await visitor.signIn(demo.user('Operator'));
    await visitor.press(visitor.page.locator('[name=decision][value=allow]'));
    const { value, ...error } = await inPage('comesBack');
    assert.ok(value, JSON.stringify(error));
    return value;
  }

  /** Opens the application and presses its way to Bluesonde. */
  async function leave(more = {}) {
    const settings = {
      authority: demo.issuer,
      metadataUrl: `${demo.issuer}/.well-known/oauth-authorization-server`,
      client_id: application.clientId,
      redirect_uri: application.redirectUri,
      response_type: 'code',
      scope: SCOPES.join(' '),
      ...more,
    };
    await visitor.goto(`${web.origin}/?${new URLSearchParams({ settings: JSON.stringify(settings) })}`);
    await Promise.all([
      visitor.page.waitForEvent('framenavigated'),
      visitor.page.evaluate(() => { window.application.leaves(); }),
    ]);
    await visitor.page.waitForLoadState();
  }

  function inPage(name, ...values) {
    return visitor.page.evaluate(([call, given]) => window.application[call](...given), [name, values]);
  }

  /** A browser that is watched: whatever it complains about fails the test, but for refusals that are right. */
  async function withVisitor(story, refusals = []) {
    visitor = await openVisitor(browser, { issuer: demo.issuer, elsewhere: web.origin });
    try {
      await story();
    } catch (error) {
      error.message += `\n  at ${visitor.page.url()}\n  ${visitor.complaints.join('\n  ')}`;
      throw error;
    } finally {
      await visitor.close();
    }
    const unexpected = visitor.complaints.filter((complaint) => !isRefusal(complaint, refusals));
    assert.deepEqual(unexpected, [], 'the browser complained');
  }
});

/** The browser logs each refused request of a script as an error. */
function isRefusal(complaint, statuses) {
  return statuses.some((status) => complaint.includes(`status of ${status} `));
}

async function serve(request, response) {
  const { pathname } = new URL(request.url, 'http://127.0.0.1');
  const script = FILES[pathname];
  if (script) return answer(response, 200, await readFile(script), 'text/javascript');
  return answer(response, 200, await readFile(PAGE), 'text/html');
}
