import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    specversion: string;
    id: string;
    source: string;
    type: string;
    time: string;
    data: unknown;
  };
}

/** Handles one request, after its body has been read; answers 204 when it does not. */
export type Answer = (response: ServerResponse, delivery: Delivery, index: number) => void;

/** A webhook's other side: keeps what was accepted (2xx) and every request. */
export async function startReceiver(answer?: Answer) {
  const accepted: Delivery[] = [];
  const requests: Delivery[] = [];
  const sockets = new Set<Socket>();
  let underWay = 0;
  const figures = { underWayMax: 0 };
  const server = createServer((request, response) => {
    figures.underWayMax = Math.max(figures.underWayMax, ++underWay);
    response.on('close', () => underWay--);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const delivery: Delivery = { headers: request.headers, body, event: JSON.parse(body) };
      requests.push(delivery);
      response.on('finish', () => {
        if (response.statusCode < 300) accepted.push(delivery);
      });
      if (answer !== undefined) answer(response, delivery, requests.length - 1);
      else response.writeHead(204).end();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook/s3cret`,
    port,
    accepted,
    requests,
    figures,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
