SELECT name, email FROM customers WHERE country = 'DE' ORDER BY name

SELECT count(*) FROM customers WHERE email LIKE '%@example.com'

SELECT split_part(email, '@', 2) AS domain, count(*) FROM customers GROUP BY 1

SELECT department.name, avg(salary) FROM hr.employees JOIN hr.departments department USING (dept_id) GROUP BY department.name

SELECT max(salary), min(salary) FROM hr.employees

SELECT * FROM hr.employees ORDER BY emp_id LIMIT 3

SELECT e.*, d.name AS dept FROM hr.employees e JOIN hr.departments d ON d.dept_id = e.dept_id

SELECT extract(year FROM age(birthday)) AS age, count(*) FROM customers GROUP BY 1

SELECT concat(first_name, ' ', last_name) FROM hr.employees WHERE salary > (SELECT avg(salary) FROM hr.employees)

SELECT coalesce(email, phone, 'none') FROM customers

SELECT to_char(salary, 'FM999,999') FROM hr.employees

SELECT rank() OVER (PARTITION BY dept_id ORDER BY salary DESC) FROM hr.employees

SELECT ntile(4) OVER (ORDER BY salary), emp_id FROM hr.employees

SELECT c.name, p.card_number FROM customers c JOIN orders o USING (customer_id) JOIN payments p USING (order_id) LIMIT 5

SELECT right(card_number, 4), sum(amount) FROM payments GROUP BY 1

SELECT DISTINCT email FROM customers

SELECT email, count(*) FROM customers GROUP BY email HAVING count(*) > 1

SELECT string_agg(email, ', ') FROM customers

SELECT jsonb_agg(jsonb_build_object('name', name, 'email', email)) FROM customers

SELECT row_to_json(c) FROM customers c LIMIT 2

SELECT * FROM active_customers LIMIT 3

SELECT a.email FROM active_customers a WHERE a.country = 'US'

SELECT customer_id FROM customers WHERE birthday BETWEEN '1970-01-01' AND '1980-01-01'

SELECT date_part('year', birthday), count(*) FROM customers GROUP BY 1 ORDER BY 1

SELECT corr(salary, extract(year FROM hire_date)) FROM hr.employees

SELECT width_bucket(salary, 0, 100000, 10) FROM hr.employees

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM hr.employees

SELECT regexp_replace(phone, '\d', 'x', 'g') FROM customers

SELECT (SELECT email FROM customers c WHERE c.customer_id = o.customer_id) FROM orders o LIMIT 3

WITH top AS (SELECT customer_id, email FROM customers LIMIT 5) SELECT * FROM top JOIN orders USING (customer_id)

SELECT 'x' || email || 'y' FROM customers LIMIT 1

SELECT array_agg(DISTINCT salary) FROM hr.employees

SELECT grouping(country), country, count(email) FROM customers GROUP BY ROLLUP (country)

SELECT lag(salary) OVER (ORDER BY hire_date) FROM hr.employees
