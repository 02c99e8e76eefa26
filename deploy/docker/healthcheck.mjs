// Exits 0 where the process beside it answers; for Docker, which has no probes of its own.
const port = process.env.LOGOWATCH_OPS_PORT ?? '9464';
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) }).catch(
  (error) => ({ ok: false, status: error.cause?.code ?? error.name }),
);
if (!answer.ok) process.stderr.write(`/healthz on port ${port}: ${answer.status}\n`);
process.exitCode = answer.ok ? 0 : 1;
