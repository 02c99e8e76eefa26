// Loaded into a stage by NODE_OPTIONS=--import: SIGUSR2 does to it what DISTURB says.
const realNow = Date.now.bind(Date);
let jumps = 0;

const disturbances = {
  /** The event loop stands still for 9 s. */
  block: () => {
    const until = performance.now() + 9_000;
    while (performance.now() < until);
  },
  /** The wall clock is set an hour ahead, the next time an hour back; the monotonic clock goes on. */
  clock: () => {
    const offMs = (jumps++ % 2 === 0 ? 1 : -1) * 3_600_000;
    Date.now = () => realNow() + offMs;
  },
};

process.on('SIGUSR2', disturbances[process.env.DISTURB]);
