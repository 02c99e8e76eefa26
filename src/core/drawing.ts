let last: Promise<unknown> = Promise.resolve();

/**
 * Draws SVG when every earlier drawing is done. Text of two SVGs must not be drawn at once: the libraries below sharp
 * (0.35.5, Linux) share FreeType's faces among threads. Of processes that drew 60 made-up scenes on four threads, one
 * in fifty died of SIGSEGV; others were told "SVG rendering failed". Shapes alone do no harm, but whether an SVG has
 * text is not known before it is parsed.
 */
export function drawAlone<T>(draw: () => Promise<T>): Promise<T> {
  const result = last.then(draw);
  last = result.catch(() => undefined);
  return result;
}

/** The same for a file that may be one: other pictures are drawn at once. */
export function drawFile<T>(file: string | Buffer, draw: () => Promise<T>): Promise<T> {
  return typeof file === 'string' && /\.svg$/i.test(file) ? drawAlone(draw) : draw();
}
