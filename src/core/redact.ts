/**
 * Secrets out of anything that is printed: user info in URLs, and the values of query parameters and
 * headers that are known to carry credentials. Used by every log line, event, metric and error.
 */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#'"<>]*@)/gi;
// A password typed as it is, with / ? # or quotes in it: all up to the last @ goes, a port and a path at worst.
const ODD_USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#@:]*:[^\s@]*[/?#'"<>][^\s]*@)/gi;
const SECRET_PARAMETER =
  /([?&;](?:(?:access_?|auth_?|security_?|refresh_?)?token|auth|authorization|wmsauthsign|key|api[_-]?key|secret|signature|sig|hmac|password|passwd|pwd|pass|passphrase|policy|hdnts|hdnea|hdntl|jwt|session_?id|x-amz-[a-z-]+)=)[^&\s'"<>]*/gi;
const SECRET_HEADER =
  /\b((?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token)\s*:\s*)(?:(?:basic|bearer|digest)\s+)?[^\r\n]+/gi;

export function redact(text: string): string {
  return text
    .replace(ODD_USER_INFO, '$1***@')
    .replace(URL_IN_TEXT, '$1***@')
    .replace(SECRET_PARAMETER, '$1***')
    .replace(SECRET_HEADER, '$1***');
}
