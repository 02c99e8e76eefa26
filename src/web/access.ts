import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { LogowatchError } from '../core/errors.js';
import { tokenCheck } from '../streams/api.js';
import { Problem } from '../streams/control.js';
import { ROLES, type Role, type WebConfig } from './config.js';

interface Asking {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** This machine, and nobody else. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Who may do what. With tokens, a request may do what its token's role may. Without, the server listens on loopback alone and
 * whoever is on this machine may do everything; then other sites' pages in a browser of this machine must be kept out: the name
 * they call us by is checked (DNS rebinding), and where the browser says they come from.
 */
export class Access {
  readonly #tokens: readonly { readonly check: ReturnType<typeof tokenCheck>; readonly role: Role }[];
  readonly #cors: ReadonlySet<string>;
  readonly #host: string;

  /** Errors: config-invalid where others could reach a server without tokens. */
  constructor({ tokens, cors }: Pick<WebConfig, 'tokens' | 'cors'>, host: string) {
    if (tokens.length === 0 && !isLoopback(host))
      throw new LogowatchError('config-invalid', 'The page would be open to everybody who can reach it', {
        value: host,
        remedy: 'List web.tokens, or listen on 127.0.0.1',
      });
    this.#tokens = tokens.map(({ token, role }) => ({ check: tokenCheck(token), role }));
    this.#cors = new Set(cors);
    this.#host = host;
  }

  get needsToken(): boolean {
    return this.#tokens.length > 0;
  }

  /** The headers by which a browser lets another origin's page read the answer; undefined: it does not. */
  corsOf({ origin }: IncomingHttpHeaders): Record<string, string> | undefined {
    if (origin === undefined || !this.#cors.has(origin)) return undefined;
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': 'authorization, content-type, last-event-id',
      'access-control-max-age': '600',
    };
  }

  /** Of every request, before anything else is looked at. Errors: Problem 403, 421. */
  admit({ headers }: Asking): void {
    if (!this.needsToken && !this.#isOurName(headers.host))
      throw new Problem(
        421,
        'Not this server’s name',
        'Without web.tokens only localhost and 127.0.0.1 are answered',
      );
    if (this.corsOf(headers) !== undefined) return;
    const site = headers['sec-fetch-site'];
    const navigates = headers['sec-fetch-mode'] === 'navigate';
    if ((site === 'cross-site' || site === 'same-site') && !navigates) throw foreign();
    const { origin } = headers;
    if (origin !== undefined && !isOwnOrigin(origin, headers.host)) throw foreign();
  }

  /** The role of who asks. Errors: Problem 401. */
  roleOf({ headers }: Asking): Role {
    if (!this.needsToken) return 'operator';
    // All are compared, each in constant time: how long it takes says nothing.
    const roles = this.#tokens.filter(({ check }) => check(headers.authorization));
    const [first] = roles;
    if (first !== undefined) return first.role;
    throw new Problem(
      401,
      'No token, or a wrong one',
      'Send Authorization: Bearer with a token of web.tokens',
    );
  }

  /** Errors: Problem 401, 403. */
  require(asking: Asking, role: Role): Role {
    const has = this.roleOf(asking);
    if (ROLES.indexOf(has) >= ROLES.indexOf(role)) return has;
    throw new Problem(403, 'Not with this token', `It takes the role ${role}; this token is a ${has}’s`);
  }

  #isOurName(header: string | undefined): boolean {
    const name = (header ?? '')
      .replace(/:\d+$/, '')
      .replace(/^\[(.*)\]$/, '$1')
      .toLowerCase();
    return isLoopback(name) || name === this.#host.toLowerCase();
  }
}

const foreign = (): Problem =>
  new Problem(403, 'From another site', 'Pages of other origins may ask only where web.cors lists them');

/** A proxy that ends TLS changes the scheme, not the name. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
