const EVERY_MS = 200;

/** Calls `beat` until the work is done. Throws what `beat` throws: the group has moved on. */
export async function beating(work: Promise<unknown>, beat: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tick = () =>
    new Promise<'beat'>((resolve) => {
      timer = setTimeout(resolve, EVERY_MS, 'beat');
    });
  try {
    for (;;) {
      const first = await Promise.race([work.then(() => 'done' as const), tick()]);
      clearTimeout(timer);
      await beat();
      if (first === 'done') return;
    }
  } finally {
    clearTimeout(timer);
  }
}
