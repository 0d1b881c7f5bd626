/**
 * Ids that say where things live: an org's id, its keys and their ids carry the number of the database that holds them,
 * as in `org_0_…`. So no look-up has to come before the look-up. Pure.
 */

/** The number of the database that an id names; 0 if it names none, such as `org_local`. */
export const databaseNumberOf = (id: string): number => Number(/^[a-z]+_(\d{1,4})_/.exec(id)?.[1] ?? 0);

/** An id of this kind, such as `org` or `key`, that names its database. `random` is what no other id has. */
export const idIn = (databaseNumber: number, kind: string, random: string): string =>
  `${kind}_${databaseNumber}_${random}`;
