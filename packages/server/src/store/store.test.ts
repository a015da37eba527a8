import { describe } from 'vitest'
import { DATABASES } from '../../../../tests/database.ts'
import { describeMigrations } from './migrate.contract.ts'
import { describeStore } from './store.contract.ts'

describe.each(DATABASES)('the store on $name', (database) => {
  describeStore(database)
  describe('migrations', () => describeMigrations(database))
})
