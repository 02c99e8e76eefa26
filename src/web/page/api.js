const KEY = 'logowatch-token';
const login = document.getElementById('login');
let asking;

const token = () => sessionStorage.getItem(KEY);
const headers = () => (token() === null ? {} : { authorization: `Bearer ${token()}` });

/** Asks for a token, once however many requests wait for it. */
function askToken(why) {
  document.getElementById('login-error').textContent = why;
  asking ??= new Promise((resolve) => {
    const input = document.getElementById('token');
    login.addEventListener(
      'close',
      () => {
        if (input.value !== '') sessionStorage.setItem(KEY, input.value.trim());
        input.value = '';
        asking = undefined;
        resolve();
      },
      { once: true },
    );
    login.showModal();
  });
  return asking;
}

export class Refused extends Error {
  constructor(status, { title = 'The server did not answer as it should', detail = '' } = {}) {
    super(detail === '' ? title : `${title}. ${detail}`);
    this.status = status;
  }
}

async function request(method, path, { body, ...more } = {}) {
  for (;;) {
    const sent = token();
    const response = await fetch(path, {
      method,
      headers: {
        ...headers(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(more.signal && { signal: more.signal }),
    });
    if (response.status !== 401) return response;
    await askToken(sent === null ? '' : 'This token is not one of the server’s.');
  }
}

/** JSON; undefined where the answer has none. Throws Refused. */
export async function call(method, path, body, options = {}) {
  const response = await request(method, path, { body, ...options });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const json = text !== '' && isJson ? JSON.parse(text) : undefined;
  if (!response.ok) throw new Refused(response.status, json);
  return json;
}

export const get = (path, options) => call('GET', path, undefined, options);

/** The address of a picture in memory: pictures need the token as all else does. Undefined where there is none. */
export async function pictureUrl(path) {
  const response = await request('GET', path);
  return response.ok ? URL.createObjectURL(await response.blob()) : undefined;
}

/**
 * Server-sent events, for as long as the page is open: EventSource cannot send a token but in the URL, where it would be logged.
 * @param onEvent (name, data)
 * @param onState 'on' or 'off'
 */
export async function listen(onEvent, onState) {
  let last = '';
  for (let failures = 0; ; ) {
    try {
      const response = await request('GET', '/api/events', {
        headers: last === '' ? {} : { 'last-event-id': last },
      });
      if (!response.ok) throw new Error(String(response.status));
      onState('on');
      failures = 0;
      for await (const { id, event, data } of eventsOf(response.body)) {
        if (id !== undefined) last = id;
        if (data !== '') onEvent(event, JSON.parse(data));
      }
    } catch {
      // Told by the state.
    }
    onState('off');
    failures++;
    await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** failures)));
  }
}

/** Silent for so long: the connection is dead, although nobody said so. The server says something every 10 s. */
const SILENT_MS = 25_000;

async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('silent')), SILENT_MS);
    });
    const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
    if (done) return;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) yield parse(block);
  }
}

function parse(block) {
  const event = { id: undefined, event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    const key = line.slice(0, at);
    if (key in event) event[key] = line.slice(at + 2);
  }
  return event;
}
