// A person at a very small browser: it follows links and redirects, and fills in the forms that it finds.
//
// It sends what browsers send with a page or a form, keeps cookies (for all ports of loopback alike, as browsers do),
// and stops where it is sent to another site: the test hands that address to the application, or opens it itself.
import { request } from 'node:http';

import { parse } from 'node-html-parser';

const PATIENCE_MS = 15_000;
const SUBMITTERS = new Set(['submit', 'button', 'reset', 'image', 'file']);

export class Person {
  #cookies = new Map();

  /** Opens an address; resolves with the {@link Page} it leads to, or with the address of another site, as text. */
  open(url) {
    return this.#visit(new URL(url), { 'sec-fetch-site': 'cross-site' });
  }

  signIn(page, { email, password }) {
    return this.submit(page, 'password', { email, password });
  }

  /** Presses Allow and resolves with the address of the application; a consent that is remembered asks nobody. */
  allow(page) {
    return typeof page === 'string' ? page : this.submit(page, 'decision', { decision: 'allow' });
  }

  deny(page) {
    return this.submit(page, 'decision', { decision: 'deny' });
  }

  /** Sends the form that has `field`, with what the page had filled in already and `filled` on top. */
  submit(page, field, filled = {}) {
    return this.send(page, page.form(field), filled);
  }

  send(page, form, filled = {}) {
    const fields = [...form.fields.filter(([name]) => !(name in filled)), ...pairs(filled)];
    const headers = {
      origin: page.url.origin,
      referer: page.url.href,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    return this.#visit(form.action, headers, new URLSearchParams(fields).toString());
  }

  async #visit(url, headers, body) {
    const answer = await this.#ask(url, headers, body);
    if (!isRedirect(answer.status)) return new Page(url, answer);
    const target = new URL(answer.location, url);
    if (target.origin !== url.origin) return target.href;
    return this.#visit(target, { 'sec-fetch-site': headers['sec-fetch-site'] });
  }

  async #ask(url, headers, body) {
    const answer = await exchange(url, { ...NAVIGATION, ...headers, ...this.#cookieHeader() }, body);
    for (const line of answer.setCookie) this.#keep(line);
    return answer;
  }

  #cookieHeader() {
    if (this.#cookies.size === 0) return {};
    return { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') };
  }

  #keep(line) {
    const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line);
    const isGone = /;\s*max-age=0\b/i.test(line) || Date.parse(/;\s*expires=([^;]+)/i.exec(line)?.[1]) < Date.now();
    if (isGone) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

class Page {
  #root;

  constructor(url, { status, text }) {
    this.url = url;
    this.status = status;
    this.html = text;
    this.#root = parse(text);
    this.text = this.#root.textContent.replace(/\s+/g, ' ').trim();
  }

  /** The form that has a field or button of this name; `within` narrows to the part of the page that says it. */
  form(field, within = '') {
    const forms = this.#root.querySelectorAll('form').filter((form) => form.querySelector(`[name="${field}"]`));
    const form = forms.find((candidate) => sectionOf(candidate).textContent.includes(within));
    if (!form) throw new Error(`no form with ${field} at ${this.url} (${this.status}): ${this.text.slice(0, 500)}`);
    return {
      action: new URL(form.getAttribute('action') ?? '', this.url),
      fields: form.querySelectorAll('input, textarea, select').flatMap(sent),
    };
  }
}

// What a browser says when a whole page is asked for. `fetch` would say that a script asks.
const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
  'upgrade-insecure-requests': '1',
};

function exchange(url, headers, body) {
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, timeout: PATIENCE_MS, agent: false }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve(received(answer, Buffer.concat(chunks).toString())));
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url} did not answer`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

function received({ statusCode, headers }, text) {
  return { status: statusCode, location: headers.location, setCookie: headers['set-cookie'] ?? [], text };
}

/** The (name, value) pairs that a control sends when nobody has touched it. */
function sent(control) {
  const name = control.getAttribute('name');
  if (!name || control.hasAttribute('disabled')) return [];
  if (control.rawTagName === 'textarea') return [[name, control.textContent]];
  if (control.rawTagName === 'select') return [[name, chosen(control)]];
  const type = control.getAttribute('type') ?? 'text';
  if (SUBMITTERS.has(type)) return [];
  const isUnticked = ['checkbox', 'radio'].includes(type) && !control.hasAttribute('checked');
  return isUnticked ? [] : [[name, control.getAttribute('value') ?? '']];
}

function chosen(select) {
  const options = select.querySelectorAll('option');
  const option = options.find((candidate) => candidate.hasAttribute('selected')) ?? options[0];
  return option?.getAttribute('value') ?? option?.textContent ?? '';
}

function sectionOf(form) {
  return form.closest('section') ?? form;
}

/** `{ scope: ['a', 'b'] }` is two fields of the same name. */
function pairs(filled) {
  return Object.entries(filled).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
}

function isRedirect(status) {
  return status >= 300 && status < 400;
}
