// What it costs Node alone to take the bytes in: the publishers are let in, and all that they send is thrown away unread.
// No server written in JavaScript over Node's sockets can use less.
import { createServer } from 'node:net';
import { ServerSession, type SessionResult } from '../../src/rtmp/server-session.js';

const port = Number(process.argv[2]);

createServer((socket) => {
  const session = new ServerSession();
  const carryOut = (results: readonly SessionResult[]): void => {
    for (const result of results) {
      if (result.type === 'send') socket.write(result.data);
      else if (result.type === 'publish') carryOut(session.acceptPublish());
    }
  };
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    if (session.stage !== 'publishing') carryOut(session.receive(bytes, performance.now()));
  });
}).listen(port, '127.0.0.1');
