/** Pictures of no-logo/ that do show one of the brands, found by looking at those that scored highest. */
export const SHOWING_A_BRAND: readonly string[] = [];
