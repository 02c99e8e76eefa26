/**
 * Secrets out of anything that is printed: user info in URLs, stream keys, and the values of query parameters and
 * headers that are known to carry credentials. Used by every log line, event, metric and error.
 */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#'"<>]*@)/gi;
// A password typed as it is, with / ? # or quotes in it: all up to the last @ goes, a port and a path at worst.
const ODD_USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#@:]*:[^\s@]*[/?#'"<>][^\s]*@)/gi;
// Who knows an RTMP stream's key may publish to it: the last segment of the path, with what follows it.
const STREAM_KEY =
  /\b(rtmp(?:e|s|t|te|ts)?:\/\/[^\s'"<>?#]*\/)([^\s'"<>?#/:][^\s'"<>]*?)(?=:?(?:[\s'"<>]|$))/gi;
const SECRET_PARAMETER =
  /([?&;](?:[\w.-]*(?:token|tkn|auth|secret|signature|passw|pwd|credential|api[_-]?key|session|hmac|jwt|ticket)[\w.-]*|wmsauthsign|(?:key(?:-pair-id)?|sign?|sid|pass|passphrase|stream_?id|policy|hash|md5|st|hdnts|hdnea|hdntl|x-amz-[a-z-]+))=)(?!\*\*\*)[^&\s'"<>]*/gi;
// Servers name their tokens as they like: a long value of letters and digits counts as one.
const OPAQUE_PARAMETER = /([?&;][\w.~-]+=)(?=[^&\s'"<>]*\d)(?=[^&\s'"<>]*[a-z])(?!\*\*\*)[^&\s'"<>]{16,}/gi;
// Akamai's tokens may stand in the path.
const PATH_TOKEN = /(\/hdn(?:ts|ea|tl)=)(?!\*\*\*)[^\s'"<>?]*?hmac=[0-9a-f]+/gi;
const SECRET_HEADER =
  /\b((?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token)\s*:\s*)(?:(?:basic|bearer|digest)\s+)?[^\r\n]+/gi;

/** Shorter ones are ordinary words in a sentence. */
const SECRET_LENGTH_MIN = 4;

/** `secrets` are taken out wherever they stand; see `secretsIn`. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let bare = text;
  for (const secret of secrets) bare = bare.replaceAll(secret, '***');
  return bare
    .replace(ODD_USER_INFO, '$1***@')
    .replace(URL_IN_TEXT, '$1***@')
    .replace(STREAM_KEY, '$1***')
    .replace(SECRET_PARAMETER, '$1***')
    .replace(OPAQUE_PARAMETER, '$1***')
    .replace(PATH_TOKEN, '$1***')
    .replace(SECRET_HEADER, '$1***');
}

/** The secrets of one URL as they may stand alone in what others say of it: password, stream key, parameters. */
export function secretsIn(url: string): string[] {
  const found = [
    /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:([^\s]*)@/i.exec(url)?.[1],
    // A key's own parameters may be left out.
    ...[...url.matchAll(STREAM_KEY)].flatMap(([, , key]) => [key, key?.split('?')[0]]),
    ...[SECRET_PARAMETER, OPAQUE_PARAMETER].flatMap((pattern) =>
      [...url.matchAll(pattern)].map(([whole, name]) => whole.slice(name?.length)),
    ),
  ];
  const secrets = found.flatMap((secret) => (secret === undefined ? [] : [secret, decoded(secret)]));
  // Longest first: one may hold another.
  return [...new Set(secrets)]
    .filter(({ length }) => length >= SECRET_LENGTH_MIN)
    .sort((a, b) => b.length - a.length);
}

/** Where an http(s) URL leads, and no more: the path of a webhook may be its secret as well. */
export function bareOrigin(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return origin + (pathname === '/' && search === '' ? '' : '/***');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** True when a URL holds a password or token as it is, not as the `${NAME}` of one. */
export function hasLiteralSecret(url: string): boolean {
  const reference = '\u0001';
  const bare = url.replace(/\$\{[^{}]*\}/g, reference);
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:([^\s@]+)@/i.exec(bare)?.[1];
  const parameters = [...bare.matchAll(SECRET_PARAMETER)].map(([whole, name]) => whole.slice(name?.length));
  return [password ?? '', ...parameters].some((text) => text.replaceAll(reference, '') !== '');
}
