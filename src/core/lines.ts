import { createReadStream } from 'node:fs';

/** The lines of a text file. Not node:readline, which takes U+2028 for the end of a line too. Errors: those of the file system. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const buffer = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = buffer.indexOf(0x0a); end >= 0; end = buffer.indexOf(0x0a, start)) {
      yield buffer.toString('utf8', start, end);
      start = end + 1;
    }
    rest = buffer.subarray(start);
  }
  if (rest.length > 0) yield rest.toString();
}
