//! Who may change what about a member.
//!
//! Nobody gives or takes away what stands above themselves, nobody changes their own role upwards or sideways, and an
//! organization never loses its last Owner. The transaction that asks also carries the answer out, so that of two
//! requests at once the second one sees what the first has done.

use crate::role::Role;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Another role.
    Assign(Role),
    /// Out of service, until somebody undoes it.
    Disable,
    /// In service again.
    Enable,
    /// Out of the organization.
    Remove,
    /// Out of the organization, by oneself.
    Leave,
    /// From Owner to Organization Admin, by oneself.
    StepDown,
}

/// Who asks, about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// About somebody else, with this role; an API key with the right scope counts as an Organization Admin.
    Others(Role),
    /// About themselves.
    Own,
}

/// The member as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Their role.
    pub role: Role,
    /// How many other Owners are in service.
    pub other_owners: u64,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It takes an Organization Admin.
    #[error("Only an Organization Admin or an Owner manages members.")]
    NotAdmin,
    /// The member stands above the actor.
    #[error("Only an Owner can change or remove an Owner.")]
    AboveOwnRank,
    /// The role stands above the actor.
    #[error("Nobody gives a role above their own: only an Owner makes another Owner.")]
    RoleAboveOwnRank,
    /// It is their own.
    #[error("Nobody changes their own role or membership here. Ask another administrator, or leave.")]
    OwnMembership,
    /// Nobody would own the organization.
    #[error("An organization needs an Owner. Make another member Owner first.")]
    LastOwner,
    /// Only Owners step down.
    #[error("Only an Owner can step down.")]
    NotOwner,
}

/// Whether it may happen.
pub fn judge(act: Act, whose: Whose, member: Facts) -> Result<(), Refusal> {
    match (act, whose) {
        (Act::Leave, _) => {}
        (Act::StepDown, _) if member.role != Role::Owner => return Err(Refusal::NotOwner),
        (Act::StepDown, _) => {}
        (_, Whose::Own) => return Err(Refusal::OwnMembership),
        (_, Whose::Others(actor)) => judge_rank(act, actor, member.role)?,
    }
    let stays_owner = matches!(act, Act::Enable | Act::Assign(Role::Owner));
    let owns = member.role == Role::Owner;
    if owns && !stays_owner && member.other_owners == 0 { Err(Refusal::LastOwner) } else { Ok(()) }
}

fn judge_rank(act: Act, actor: Role, member: Role) -> Result<(), Refusal> {
    if !actor.is_admin() {
        return Err(Refusal::NotAdmin);
    }
    if !actor.can_grant(member) {
        return Err(Refusal::AboveOwnRank);
    }
    match act {
        Act::Assign(role) if !actor.can_grant(role) => Err(Refusal::RoleAboveOwnRank),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 5] =
        [Act::Assign(Role::Viewer), Act::Assign(Role::Owner), Act::Disable, Act::Enable, Act::Remove];

    fn owner(other_owners: u64) -> Facts {
        Facts { role: Role::Owner, other_owners }
    }

    #[test]
    fn an_admin_touches_no_owner_and_makes_none() {
        let admin = Whose::Others(Role::OrganizationAdmin);
        for act in ACTS {
            assert_eq!(judge(act, admin, owner(3)), Err(Refusal::AboveOwnRank), "{act:?}");
            let viewer = Facts { role: Role::Viewer, other_owners: 1 };
            let expected =
                if act == Act::Assign(Role::Owner) { Err(Refusal::RoleAboveOwnRank) } else { Ok(()) };
            assert_eq!(judge(act, admin, viewer), expected, "{act:?}");
        }
    }

    #[test]
    fn who_is_no_admin_changes_nobody() {
        for act in ACTS {
            let viewer = Facts { role: Role::Viewer, other_owners: 1 };
            let refused = judge(act, Whose::Others(Role::Operator), viewer);
            assert_eq!(refused, Err(Refusal::NotAdmin), "{act:?}");
        }
    }

    #[test]
    fn nobody_changes_themselves_but_everybody_can_leave() {
        for role in Role::ALL {
            let member = Facts { role, other_owners: 1 };
            for act in ACTS {
                assert_eq!(judge(act, Whose::Own, member), Err(Refusal::OwnMembership), "{role} {act:?}");
            }
            assert_eq!(judge(Act::Leave, Whose::Own, member), Ok(()), "{role}");
        }
    }

    #[test]
    fn the_last_owner_stays_one() {
        for act in [Act::Assign(Role::OrganizationAdmin), Act::Disable, Act::Remove] {
            assert_eq!(judge(act, Whose::Others(Role::Owner), owner(0)), Err(Refusal::LastOwner), "{act:?}");
            assert_eq!(judge(act, Whose::Others(Role::Owner), owner(1)), Ok(()), "{act:?}");
        }
        for act in [Act::Leave, Act::StepDown] {
            assert_eq!(judge(act, Whose::Own, owner(0)), Err(Refusal::LastOwner), "{act:?}");
            assert_eq!(judge(act, Whose::Own, owner(1)), Ok(()), "{act:?}");
        }
    }

    #[test]
    fn only_an_owner_steps_down() {
        let admin = Facts { role: Role::OrganizationAdmin, other_owners: 1 };
        assert_eq!(judge(Act::StepDown, Whose::Own, admin), Err(Refusal::NotOwner));
    }
}
