"""CRUD, Revise and Clue for all people at once, beside CARLA's own, which take them one by one."""
