import PolicyEngine

extension FlowColumns {
    /// Judges all flows with a table.
    func replay(_ table: inout DecisionTable, into keys: inout [UInt32]) {
        sources.withUnsafeBufferPointer { sources in
            destinations.withUnsafeBufferPointer { destinations in
                protocols.withUnsafeBufferPointer { protocols in
                    ports.withUnsafeBufferPointer { ports in
                        keys.withUnsafeMutableBufferPointer {
                            table.replay(
                                sources: sources, destinations: destinations, protocols: protocols, ports: ports,
                                into: $0)
                        }
                    }
                }
            }
        }
    }
}
