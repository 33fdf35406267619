// A demo server of the test's own: a free port, a directory of its own, and what demo.json says about it.
//
// One server serves all journeys of a file. They don't disturb each other, because each makes what it changes.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.BLUESONDE_BIN ?? fileURLToPath(new URL('../../target/debug/bluesonde', import.meta.url));
const STARTS_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 15_000;

/** Starts `bluesonde demo` and resolves with a {@link Demo} once it answers. */
export async function startDemo() {
  const directory = await mkdtemp(join(tmpdir(), 'bluesonde-e2e-'));
  const listen = `127.0.0.1:${await freePort()}`;
  const server = new Server(listen, directory);
  try {
    return new Demo(server, await server.ready());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** What demo.json says, with the questions that tests ask of it. */
class Demo {
  #server;

  constructor(server, facts) {
    this.#server = server;
    Object.assign(this, facts);
    this.organization = facts.organizations[0];
  }

  /** The first organization's user in a built-in role. */
  user(role) {
    const user = this.organization.users.find((candidate) => candidate.role === role);
    if (!user) throw new Error(`demo.json has no user with the role ${role}`);
    return user;
  }

  get confidentialApplication() {
    return this.organization.oauth_applications.find((application) => !application.public);
  }

  get publicApplication() {
    return this.organization.oauth_applications.find((application) => application.public);
  }

  /** Asks the data API for a path such as `/observations/latest`, with a key or an access token. */
  read(path, credential) {
    return fetch(`${this.api}${path}`, { headers: { authorization: `Bearer ${credential}` } });
  }

  /** Stops the server the polite way and resolves with its exit code: 0 when it drained. */
  stop() {
    return this.#server.stop();
  }
}

class Server {
  #output = '';
  #exit;

  constructor(listen, directory) {
    this.listen = listen;
    this.directory = directory;
    this.process = spawn(BINARY, ['demo', '--listen', listen, '--data-dir', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (chunk) => { this.#output += chunk; });
    }
    this.#exit = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve(code ?? signal));
      this.process.on('error', (error) => resolve(`could not start ${BINARY}: ${error.message}`));
    });
    // A test run that is interrupted must not leave a server behind; a signal alone would skip the `exit` event.
    process.once('exit', () => this.process.kill('SIGKILL'));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  }

  /** Resolves with the content of demo.json when the server answers; rejects with its output when it won't. */
  async ready() {
    let exited;
    this.#exit.then((how) => { exited = how; });
    const deadline = Date.now() + STARTS_WITHIN_MS;
    while (Date.now() < deadline) {
      if (exited !== undefined) throw new Error(`bluesonde demo ended (${exited}):\n${this.#output}`);
      const facts = await this.#facts();
      if (facts && await answers(`${facts.issuer}/.well-known/oauth-authorization-server`)) return facts;
      await pause(50);
    }
    throw new Error(`bluesonde demo did not answer within ${STARTS_WITHIN_MS} ms:\n${this.#output}`);
  }

  // The file is looked at while it is being written: half of it counts as not there yet.
  async #facts() {
    try {
      return JSON.parse(await readFile(join(this.directory, 'demo.json'), 'utf8'));
    } catch {
      return undefined;
    }
  }

  async stop() {
    this.process.kill('SIGTERM');
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), STOPS_WITHIN_MS);
    const how = await this.#exit;
    clearTimeout(impatience);
    await rm(this.directory, { recursive: true, force: true });
    return how;
  }
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

// Between asking for the port and the server's taking it somebody else could; on loopback nobody does.
function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createServer();
    socket.on('error', reject);
    socket.listen(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
