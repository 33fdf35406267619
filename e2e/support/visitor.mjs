// A person at a browser, and everything the browser complained about meanwhile.
//
// A page that works but breaks its own Content-Security-Policy, logs an error, or fetches from a stranger is a broken
// page; so each visitor collects complaints and a journey ends by asserting that there are none.
import { chromium } from 'playwright-core';

const PATIENCE_MS = 15_000;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export function launchBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Opens a fresh profile. `issuer` is the site under test, `elsewhere` the one other origin that may be asked. */
export async function openVisitor(browser, { issuer, elsewhere, javaScriptEnabled = true }) {
  const context = await browser.newContext({ javaScriptEnabled });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  return new Visitor({ page, issuer, elsewhere });
}

class Visitor {
  complaints = [];
  #expectedRefusals = new Set();
  #issuer;
  #friends;

  constructor({ page, issuer, elsewhere }) {
    this.page = page;
    this.#issuer = issuer;
    this.#friends = new Set([issuer, elsewhere].filter(Boolean).map((url) => new URL(url).origin));
    page.on('console', (message) => this.#heard(message));
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('request', (request) => this.#asked(request));
    page.on('response', (response) => this.#answered(response));
  }

  /** The last whole page that came: its status and headers. */
  document;

  /** Says that a page with this status is coming and is right: the browser logs each refused page as an error. */
  expectRefusal(status) {
    this.#expectedRefusals.add(status);
  }

  async goto(url) {
    await this.page.goto(url);
  }

  async signIn({ email, password }) {
    const form = this.form('email');
    await form.locator('[name=email]').fill(email);
    await form.locator('[name=password]').fill(password);
    await this.press(submitOf(form));
  }

  /** The form that has a field of this name. */
  form(field) {
    return this.page.locator('form', { has: this.page.locator(`[name="${field}"]`) });
  }

  /** Follows the link with this text, as the pages name it. */
  async follow(text) {
    await this.press(this.page.getByRole('link', { name: text }).first());
  }

  /** Presses what leads to another page, and waits for that page. */
  async press(button) {
    await Promise.all([
      this.page.waitForEvent('framenavigated', (frame) => frame === this.page.mainFrame()),
      button.click(),
    ]);
    await this.page.waitForLoadState();
  }

  async submit(form) {
    await this.press(submitOf(form));
  }

  /** What the page says, as it is written: the style sheet may show it in capitals. */
  text() {
    return this.page.locator('body').textContent();
  }

  /** The one secret of this shape in the page, wherever it is put: text, field, or example. */
  async secret(pattern) {
    const found = new Set((await this.page.content()).match(new RegExp(pattern, 'g')) ?? []);
    if (found.size !== 1) throw new Error(`expected one ${pattern} in ${this.page.url()}, found ${found.size}`);
    return [...found][0];
  }

  close() {
    return this.page.context().close();
  }

  #heard(message) {
    if (message.type() !== 'error') return;
    const text = message.text();
    const status = Number(/^Failed to load resource: .* status of (\d+)/.exec(text)?.[1]);
    const isThePage = message.location().url === this.page.url();
    if (isThePage && this.#expectedRefusals.has(status)) return;
    this.complaints.push(`console: ${text} (${message.location().url})`);
  }

  #asked(request) {
    const url = new URL(request.url());
    const isLocal = url.protocol === 'data:' || url.protocol === 'blob:';
    if (!isLocal && !this.#friends.has(url.origin)) this.complaints.push(`asked a stranger: ${url.href}`);
  }

  #answered(response) {
    const isPage = response.request().isNavigationRequest() && !isRedirect(response.status());
    if (!isPage) return;
    this.document = response;
    const ours = new URL(response.url()).origin === new URL(this.#issuer).origin;
    if (ours && !response.headers()['content-security-policy']) {
      this.complaints.push(`no Content-Security-Policy: ${response.url()}`);
    }
  }
}

function submitOf(form) {
  return form.locator('button:not([type=button]):not([type=reset]), input[type=submit]').first();
}

function isRedirect(status) {
  return status >= 300 && status < 400;
}
