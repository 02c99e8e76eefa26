import { get, listen } from './api.js';
import { announce } from './dom.js';

/** At most so many appearances are kept in the page: the newest. */
const APPEARANCES_MAX = 4000;
const PAGE = 500;
const PAGES_MAX = 6;

/** What the page knows of the server; `change` events tell views what is new. */
class State extends EventTarget {
  streams = new Map();
  appearances = new Map();
  session = { role: 'viewer', labels: [], seen: [] };
  connected = false;

  /** Open appearances of a stream, by label. */
  openOn(streamId) {
    return [...this.appearances.values()].filter((a) => a.streamId === streamId && a.state !== 'ended');
  }

  get sortedStreams() {
    return [...this.streams.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  may(role) {
    const roles = ['viewer', 'reviewer', 'operator'];
    return roles.indexOf(this.session.role) >= roles.indexOf(role);
  }

  /** Asks for what was there since a time. False where that is more than the page keeps: then the newest. */
  async loadSince(ms) {
    const from = new Date(ms).toISOString();
    let cursor = null;
    for (let page = 0; page < PAGES_MAX; page++) {
      const query = new URLSearchParams({ from, limit: PAGE, ...(cursor !== null && { cursor }) });
      const { appearances, next } = await get(`/api/appearances?${query}`);
      for (const a of appearances) this.#add(a);
      this.#tell('appearances');
      if (next === null) return true;
      cursor = next;
    }
    return false;
  }

  async start() {
    this.session = await get('/api/session');
    this.#tell('session');
    void listen(
      (name, data) => this.#heard(name, data),
      (connection) => {
        this.connected = connection === 'on';
        this.#tell('connection');
      },
    );
  }

  #heard(name, data) {
    switch (name) {
      case 'hello':
        if (!data.resumed) void this.#load();
        break;
      case 'streams':
        if (data.all) this.streams = new Map(data.all.map((s) => [s.id, s]));
        for (const s of data.changed ?? []) this.streams.set(s.id, s);
        for (const id of data.removed ?? []) this.streams.delete(id);
        this.#tell('streams');
        break;
      case 'appearance':
        this.#add(data);
        if (data.state === 'started') announce(`${data.label} on ${data.streamId}`);
        this.#tell('appearances', data);
        break;
      case 'verdict': {
        const known = this.appearances.get(data.id);
        if (known) this.appearances.set(data.id, { ...known, verdict: data.verdict });
        this.#tell('verdict', data);
        break;
      }
      default:
        break;
    }
  }

  async #load() {
    try {
      const { appearances } = await get(`/api/appearances?limit=${PAGE}`);
      for (const a of appearances.reverse()) this.#add(a);
      this.session = await get('/api/session');
      this.#tell('session');
      this.#tell('appearances');
    } catch {
      // The connection says so.
    }
  }

  #add(appearance) {
    const known = this.appearances.get(appearance.id);
    if (known && known.revision > appearance.revision) return;
    this.appearances.set(appearance.id, { verdict: known?.verdict ?? null, ...appearance });
    if (this.appearances.size > APPEARANCES_MAX)
      this.appearances.delete(this.appearances.keys().next().value);
  }

  #tell(what, data) {
    this.dispatchEvent(new CustomEvent('change', { detail: { what, data } }));
  }
}

export const state = new State();
