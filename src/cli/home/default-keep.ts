/** How many backups of the authority a place keeps when nothing is said. */
export const defaultKeep = 14;
