import type { Config } from '../config.js';
import { createApi } from '../streams/api.js';
import type { StreamControl } from '../streams/control.js';
import type { OpsOptions } from '../telemetry/ops-server.js';
import type { ConfigReload } from './reload.js';
import { programVersion } from './web.js';

/** What the ops server answers of streams; without ops.token there is no API. */
export async function streamApi(
  config: Config,
  control: StreamControl,
  node: string,
  reload: ConfigReload | undefined,
): Promise<Required<Pick<OpsOptions, 'api' | 'notes'>>> {
  const state = () => reload?.state ?? { loadedAt: null, error: null };
  const token = config.ops?.token;
  const version = programVersion();
  const api =
    token === undefined ? undefined : await createApi({ control, token, node, version, config: state });
  const notes = (): Record<string, string> => {
    const { error } = state();
    return error === null ? {} : { configError: error };
  };
  return { api: () => api, notes };
}
