import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDirectory } from '../../src/directory/directory.ts'
