// The third party's own page: a listener on loopback, on a port that nobody registered, where the browser comes back.
import { createServer } from 'node:http';

const PAGE = '<!doctype html><html lang="en"><title>Back at the application</title><link rel="icon" href="data:,"><p>Welcome back.';

/** Starts listening; `arrivals` are the URLs that browsers came back to, in order. */
export async function startCallback() {
  const arrivals = [];
  const server = createServer((request, response) => {
    arrivals.push(new URL(request.url, `http://${request.headers.host}`));
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(PAGE);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    host: new URL(origin).host,
    arrivals,
    /** A registered loopback URI, on this listener's port: the port is the one part that may differ. */
    at(registered) {
      const uri = new URL(registered);
      uri.port = new URL(origin).port;
      return uri.href;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => { server.close(resolve); });
    },
  };
}
