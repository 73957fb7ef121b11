import PolicyModel
import TestWorlds

/// The same world written down in another order.
extension FlatWorld {
    func shuffled(using rng: inout SplitMix64) -> FlatWorld {
        var world = self
        world.workloads = workloads.shuffledWithAddresses(using: &rng)
        for layer in policy.layers.indices {
            for tier in policy.layers[layer].tiers.indices {
                var shuffled = policy.layers[layer].tiers[tier]
                shuffled.selections?.shuffle(using: &rng)
                for rule in shuffled.rules.indices {
                    shuffled.rules[rule].services.shuffle(using: &rng)
                    shuffled.rules[rule].relations.shuffle(using: &rng)
                    shuffled.rules[rule].conditions.shuffle(using: &rng)
                }
                shuffled.rules.shuffle(using: &rng)
                world.policy.layers[layer].tiers[tier] = shuffled
            }
        }
        return world
    }
}

extension LatticeWorld {
    func shuffled(using rng: inout SplitMix64) -> LatticeWorld {
        var world = self
        world.workloads = workloads.shuffledWithAddresses(using: &rng)
        for index in world.policy.quarantines.indices {
            world.policy.quarantines[index].exceptions.shuffle(using: &rng)
        }
        for index in world.policy.guardrails.indices { world.policy.guardrails[index].exceptions.shuffle(using: &rng) }
        for index in world.policy.rulesets.indices {
            world.policy.rulesets[index].scopes.shuffle(using: &rng)
            world.policy.rulesets[index].rules.shuffle(using: &rng)
        }
        world.policy.essential.shuffle(using: &rng)
        world.policy.quarantines.shuffle(using: &rng)
        world.policy.guardrails.shuffle(using: &rng)
        world.policy.rulesets.shuffle(using: &rng)
        return world
    }
}

extension [Workload] {
    fileprivate func shuffledWithAddresses(using rng: inout SplitMix64) -> [Workload] {
        var workloads = shuffled(using: &rng)
        for index in workloads.indices { workloads[index].addresses.shuffle(using: &rng) }
        return workloads
    }
}
