from homeshield.lib.errors import DomainError


class TerritoryNotFound(DomainError):
    code, status, title = "territory_not_found", 404, "Territory not found"
    sentence = "You have no such territory."


class TerritoryNameTaken(DomainError):
    code, status, title = "territory_name_taken", 409, "Name already used"
    sentence = "You have a territory called “{name}” already. Choose another name."
    name: str


class TooManyTerritories(DomainError):
    code, status, title = "too_many_territories", 409, "Too many territories"
    sentence = "A company keeps {most} territories at most. Remove one first."
    most: int
