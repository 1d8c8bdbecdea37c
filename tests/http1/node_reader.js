// SPDX-License-Identifier: Apache-2.0
// What weft_reader.cpp does, with the parser that Node's servers and clients use: llhttp, strict.
'use strict';
process.removeAllListeners('warning');
process.on('warning', () => {});  // that the binding is deprecated
const { HTTPParser, methods } = process.binding('http_parser');

const hex = (text) => Buffer.from(text, 'latin1').toString('hex');

function readAll(kind, data) {
  const messages = [];
  const parser = new HTTPParser();
  parser.initialize(kind, {}, 64 << 10, 0);
  let held = [];
  let open = null;
  parser[HTTPParser.kOnHeaders | 0] = (headers) => { held = held.concat(headers); };
  parser[HTTPParser.kOnHeadersComplete | 0] =
      (major, minor, headers, method, url, status, reason) => {
    const all = held.concat(headers || []);
    held = [];
    const name = methods[method] || 'QUERY';  // which the parser knows before the list does
    const start = kind === HTTPParser.REQUEST ? `${name} ${url}` : `${status} ${reason}`;
    open = { start: hex(start), headers: all.map(hex), body: '', complete: false };
    messages.push(open);
    return kind === HTTPParser.REQUEST && methods[method] === 'CONNECT' ? 2 : 0;
  };
  parser[HTTPParser.kOnBody | 0] = (buffer, start, size) => {
    const body = start === undefined ? buffer : buffer.subarray(start, start + size);
    open.body += body.toString('hex');
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => { open.complete = true; held = []; };
  const result = parser.execute(data);
  parser.close();
  if (result instanceof Error) return { messages, outcome: 'error', problem: result.code };
  return { messages, outcome: result < data.length ? 'stopped' : 'more' };
}

const lines = require('fs').readFileSync(0, 'latin1').split('\n').filter(Boolean);
const out = lines.map((line) => {
  const [kind, bytes] = line.split(' ');
  const data = Buffer.from(bytes || '', 'hex');
  return JSON.stringify(readAll(kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, data));
});
require('fs').writeSync(1, out.join('\n') + '\n');
