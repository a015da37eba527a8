/** Groups of consumers, whose committed positions show the lag. A prefix keeps installations apart. */
export const SPLIT_GROUP = 'questline-split'
export const ENRICH_GROUP = 'questline-quality'
