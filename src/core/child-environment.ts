/**
 * What a child process gets of our environment: not the variables that the config took values from. Their secrets are
 * ours, and every process of the same user can read what stands in another's environment.
 */
const taken = new Set<string>();

/** Called for each variable that a value of the config names. */
export function keepFromChildren(variable: string): void {
  taken.add(variable);
}

export function childEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !taken.has(name)));
}
