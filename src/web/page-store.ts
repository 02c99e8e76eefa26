import type { Store } from '../store/store.js';

/** What the page asks of a store. Errors: StoreError, Problem. */
export type PageStore = Pick<Store, 'appearances' | 'appearance' | 'facts' | 'brands' | 'judge' | 'unjudge'>;
