/**
 * Secrets out of anything that is printed: user info in URLs, and the values of query parameters and
 * headers that are known to carry credentials. Used by every log line, event, metric and error.
 */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#'"<>]*@)/gi;
const SECRET_PARAMETER =
  /([?&;](?:token|access_token|auth|authorization|key|api_?key|apikey|secret|signature|sig|password|passwd|pwd|pass|passphrase|policy|hdnts|hdnea|jwt|x-amz-[a-z-]+)=)[^&\s'"<>]*/gi;
const SECRET_HEADER = /\b((?:proxy-)?authorization\s*:\s*)(?:(?:basic|bearer|digest)\s+)?[^\r\n]+/gi;

export function redact(text: string): string {
  return text
    .replace(URL_IN_TEXT, '$1***@')
    .replace(SECRET_PARAMETER, '$1***')
    .replace(SECRET_HEADER, '$1***');
}
