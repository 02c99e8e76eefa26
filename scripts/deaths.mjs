// A reporter beside `spec`, which says no more than "test failed" of a test file whose process died.
export default async function* deaths(events) {
  for await (const { type, data } of events) {
    const { exitCode, signal } = (type === 'test:fail' && data.details?.error) || {};
    if (signal) yield `${data.name}: killed by ${signal}\n`;
    else if (exitCode) yield `${data.name}: exited with ${exitCode}\n`;
  }
}
