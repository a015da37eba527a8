/** An operator asked for something that cannot be done. The message is for people, and for a command to print. */
export class AccountsUsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AccountsUsageError'
  }
}
