// The third party's own web application, for libraries that live in one: plain HTTP on a port of loopback.
import { createServer } from 'node:http';

/** Starts an application that answers with `handle(request, response)`; where that fails, the page is its error. */
export async function startWebApp(handle) {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch((error) => answer(response, 500, String(error?.stack ?? error)));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => { server.close(resolve); });
    },
  };
}

export function answer(response, status, text, type = 'text/plain') {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` });
  response.end(text);
}

export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
