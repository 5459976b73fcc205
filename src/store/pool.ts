import type mongoose from 'mongoose'

/** The driver's connections to the database at this moment. */
export interface PoolState {
  readonly checkedOut: number
  /** Callers that wait for a connection. */
  readonly waiting: number
}

/** Follows the connections of a client that nobody uses yet; gives how to look at them. */
export function watchPool(client: mongoose.mongo.MongoClient): () => PoolState {
  const state = { checkedOut: 0, waiting: 0 }
  client.on('connectionCheckOutStarted', () => {
    state.waiting += 1
  })
  client.on('connectionCheckOutFailed', () => {
    state.waiting -= 1
  })
  client.on('connectionCheckedOut', () => {
    state.waiting -= 1
    state.checkedOut += 1
  })
  client.on('connectionCheckedIn', () => {
    state.checkedOut -= 1
  })
  return () => ({ ...state })
}
